"""Bring the results on all data sets of a study together, and say which differences are significant on average over the sets.

Reads the plan and the tables of each set's folder of results; writes summary.csv (the rows of all sets), sets.csv (a row a setting: its
mean score over the sets, then its score on each) and comparison.csv (the best setting against every other row, and the levels of every
axis, averaged over the sets).
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.integrity import recorded
from emotion_grid.base.layout import COMPARISON_TABLE, RECORDED, SETS, SETS_RECORD, SETS_TABLE, SUMMARY_TABLE
from emotion_grid.base.messages import log
from emotion_grid.data.tables import write_table
from emotion_grid.evaluation.across import compare_sets, read_sets, sets_table


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of the study's results")
    parser.add_argument("--sets", required=True, nargs="+", help="names of its data sets")
    arguments = parser.parse_args()
    home = arguments.results
    across = read_sets([home / SETS / name for name in arguments.sets])
    tables = {SUMMARY_TABLE: across.runs, SETS_TABLE: sets_table(across), COMPARISON_TABLE: compare_sets(across)}
    with recorded(home / SETS_RECORD, RECORDED[SETS_RECORD]):
        for name, table in tables.items():
            write_table(table, home / name)
    log(f"{len(across.settings)} settings on {len(across.sets)} data sets, {len(tables[COMPARISON_TABLE])} comparisons")


if __name__ == "__main__":
    sys.exit(run_program(main))
