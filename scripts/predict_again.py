"""Predict dev and test again with the saved model of a finished run, since their texts have changed.

Reads the run's model, the prepared splits, the study's tokens and the fetched encoder; replaces predictions/dev.csv and
predictions/test.csv. Nothing is trained. Thresholds stay those that validation chose.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.layout import SPEC
from emotion_grid.base.locks import one_at_a_time
from emotion_grid.prediction.from_model import predict_again


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--run", required=True, type=Path, help="folder of the run's results, with its model")
    parser.add_argument("--data", required=True, type=Path, help="folder of the prepared splits")
    parser.add_argument("--tokens", required=True, type=Path, help="folder of the study's tokens in the cache")
    parser.add_argument("--encoder", required=True, type=Path, help="folder of the fetched encoder")
    parser.add_argument(
        "--texts", required=True, help="digest of the dev and test texts, recorded beside the predictions"
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads to use (default: 1)")
    arguments = parser.parse_args()
    with one_at_a_time(arguments.run / SPEC):
        predict_again(**vars(arguments))


if __name__ == "__main__":
    sys.exit(run_program(main))
