"""Predict every split with a baseline that learns from train alone: label frequencies, or TF-IDF with logistic regression.

Writes predictions/<split>.csv as a run of the grid does, so that it stands in the same tables, and provenance.json with their digests.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import expect_whole, recorded
from emotion_grid.base.layout import CHECKS
from emotion_grid.base.messages import log
from emotion_grid.data.rows import write_predictions
from emotion_grid.data.splits import BASELINE_FILES, PROVENANCE, SPLITS, predictions_file
from emotion_grid.data.tables import read_split
from emotion_grid.prediction.baselines import BASELINES


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--spec", required=True, type=Path, help="spec.json of the baseline")
    parser.add_argument("--data", required=True, type=Path, help="folder of the prepared splits")
    parser.add_argument("--output", required=True, type=Path, help="folder of the baseline's results")
    arguments = parser.parse_args()
    spec = read_json(arguments.spec)
    expect_whole({arguments.data / CHECKS: None})
    labels, train = spec["data"]["labels"], read_split(arguments.data / "train.csv")
    predict = BASELINES[spec["baseline"]](train, labels)
    with recorded(arguments.output / PROVENANCE, BASELINE_FILES):
        for split in SPLITS:
            table = read_split(arguments.data / f"{split}.csv")
            path = predictions_file(arguments.output, split)
            write_predictions(path, list(table["id"]), labels, predict(table["text"]))
            log(f"{split}: {len(table)} rows")


if __name__ == "__main__":
    sys.exit(run_program(main))
