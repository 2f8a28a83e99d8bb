"""A page to try a model: type a text, see each label's probability beside its threshold, and the words that push it.

    python -m scripts.try_model --run results/demo/runs/<run>

Prints the page's address, which holds a secret and works on this machine alone, and serves it until Ctrl-C. Texts are not kept.
"""

import sys
from contextlib import suppress
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.data.splits import MODEL
from emotion_grid.serving.server import LocalServer
from emotion_grid.trying.answers import TriedModel
from emotion_grid.trying.trial import Trial


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--run", required=True, type=Path, help="folder of a run's results, with its model")
    parser.add_argument("--encoder", type=Path, help="where the model's encoder lies, if not where it lay at training")
    parser.add_argument("--port", type=int, default=0, help="port of this machine (default: any that is free)")
    parser.add_argument("--evaluations", type=int, default=500, help="masked copies of a text at most (default: 500)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads to use (default: 1)")
    arguments = parser.parse_args()
    model = TriedModel(arguments.run / MODEL, arguments.threads, arguments.evaluations, arguments.encoder)
    trial = Trial(arguments.run.name, model.answer)
    with LocalServer([trial], arguments.port) as server, suppress(KeyboardInterrupt):
        print(f"Open {server.urls[0]} in a browser; Ctrl-C ends the program.", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    sys.exit(run_program(main))
