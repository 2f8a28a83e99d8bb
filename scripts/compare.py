"""Compare the settings of an experiment and say which differences are significant.

Reads plan.json, summary.csv, settings.csv and the prediction tables; writes comparison.csv: the best run's setting against every other
row (family `best`), and every two levels of every axis over settings that are equal in all other axes (family `axis`). Settings are
compared on dev or on the held-out folds, never on validation, on which the runs were chosen. comparison.json holds, beside digests, the
noise that the experiment shows, by which the next start says what a study will be able to tell, and the scaling laws of numeric axes.
"""

import sys
from pathlib import Path

import pandas as pd

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.integrity import recorded
from emotion_grid.base.layout import COMPARISON_RECORD, COMPARISON_TABLE
from emotion_grid.base.messages import log
from emotion_grid.data.tables import write_table
from emotion_grid.evaluation.comparison import COLUMNS, compare, score_resamples
from emotion_grid.evaluation.foresight import NOISE
from emotion_grid.evaluation.results import read_results
from emotion_grid.evaluation.scaling import SCALING, scaling_laws


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of the experiment's results")
    home = parser.parse_args().results
    results = read_results(home)
    table, noise, laws = pd.DataFrame(columns=COLUMNS), None, []
    if results.judge != "validation":
        scored = score_resamples(results)
        table, noise = compare(results, scored)
        laws = scaling_laws(results, scored)
    with recorded(home / COMPARISON_RECORD, [COMPARISON_TABLE], {NOISE: noise, SCALING: laws}):
        write_table(table, home / COMPARISON_TABLE)
    log(f"{len(table)} comparisons, {(table['p'].notna()).sum()} of them possible; scaling laws: {len(laws)}")
    if results.judge == "validation":
        log("comparisons need a labelled dev split or data.folds: the runs were chosen on validation")


if __name__ == "__main__":
    sys.exit(run_program(main))
