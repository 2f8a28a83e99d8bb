"""Predict every split with an ensemble of the grid's settings: the weighted mean of what their runs predict.

Reads the finished predictions of the runs and the gold labels of validation or, with folds, of the folds that they hold out; selects the
weights on these alone. Writes predictions/<split>.csv as a run does, so that the ensemble stands in the same tables, and provenance.json
with their digests, the weight of each run, and what the weights were selected on.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import recorded
from emotion_grid.base.layout import SELECTED
from emotion_grid.base.messages import log
from emotion_grid.data.rows import write_predictions
from emotion_grid.data.splits import BASELINE_FILES, PROVENANCE, predictions_file
from emotion_grid.evaluation.ensembles import ensemble


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--spec", required=True, type=Path, help="spec.json of the ensemble")
    parser.add_argument("--results", required=True, type=Path, help="folder of the experiment's results, with its runs")
    parser.add_argument("--data", required=True, type=Path, help="folder of the prepared splits")
    parser.add_argument("--output", required=True, type=Path, help="folder of the ensemble's results")
    arguments = parser.parse_args()
    spec = read_json(arguments.spec)
    predicted, facts = ensemble(spec, arguments.results, arguments.data)
    with recorded(arguments.output / PROVENANCE, BASELINE_FILES, facts):
        for split, (rows, probabilities) in predicted.items():
            write_predictions(
                predictions_file(arguments.output, split), rows.ids, spec["data"]["labels"], probabilities
            )
            log(f"{split}: {len(rows)} rows")
    for split, facts_of_split in facts[SELECTED].items():
        log(f"for {split}, selected on {facts_of_split['rows']} rows of {facts_of_split['on']}:")
        for run, weight in sorted(facts_of_split["weights"].items(), key=lambda item: -item[1]):
            log(f"  {weight:.3f}  {run}")


if __name__ == "__main__":
    sys.exit(run_program(main))
