"""Make a folder of a run's model that can be uploaded to a model hub as it is. Nothing is uploaded.

    python -m scripts.publish --run results/demo/runs/<run> --output my-model --license mit --language en --dataset "Sample texts"

The folder holds all weights as safetensors (the encoder's, too, LoRA adapters merged), the tokenizer, the thresholds and the cleaning steps,
and a card with the metadata that a hub reads, the scores with their data set, what the model is for and where it fails. It names no other
file of yours. Licence, languages and data set are yours to say: no file of the study knows them.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.messages import log
from emotion_grid.publishing.about import About
from emotion_grid.publishing.folder import publish


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--run", required=True, type=Path, help="folder of the run's results, with its model")
    parser.add_argument("--output", required=True, type=Path, help="folder to write, which is not there yet")
    parser.add_argument(
        "--license", required=True, help="the model's licence, as the hub writes it: mit, cc-by-4.0, ..."
    )
    parser.add_argument("--language", required=True, nargs="+", help="the languages of its texts: en, deu, ...")
    parser.add_argument("--dataset", required=True, help="its data set: owner/name on the hub, or a name in words")
    parser.add_argument("--encoder", type=Path, help="where the model's encoder lies, if not where it lay at training")
    parser.add_argument(
        "--onnx", action="store_true", help="write model.onnx, too (needs the packages of envs/onnx.txt)"
    )
    arguments = parser.parse_args()
    about = About(arguments.license, tuple(arguments.language), arguments.dataset)
    publish(arguments.run, arguments.output, about, arguments.encoder, arguments.onnx)
    log(f"{arguments.output} is written: read its README.md before you upload it")


if __name__ == "__main__":
    sys.exit(run_program(main))
