"""Check by simulation how often verdicts on differences between settings are right.

Simulates studies whose true differences are known, judges them by the functions that make comparison.csv, and writes a table as CSV and,
beside it, as Markdown: of each kind of study the share with a false claim where all settings are truly equal, the share of 95% intervals
that hold the true difference, and the share of true differences of 0.01, 0.02 and 0.05 that are called significant. No study and no
training is needed. Reports take their figures from emotion_grid/report/verdicts.csv, and docs/report.md shows the same table.
"""

import os
import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import write_text
from emotion_grid.base.messages import log
from emotion_grid.data.tables import write_table
from emotion_grid.evaluation.verdict_check import check_all, markdown, scenarios, verdict_table


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument(
        "--output", required=True, type=Path, help="the CSV table to write; the Markdown is .md beside it"
    )
    parser.add_argument(
        "--studies", type=int, default=400, help="simulated studies of a scenario (400); large ones get fewer"
    )
    parser.add_argument("--bootstrap", type=int, default=100, help="resamples of the texts of a study (100)")
    parser.add_argument("--only", default="", help="only scenarios whose name contains this")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="scenarios simulated at a time")
    arguments = parser.parse_args()
    chosen = [scenario for scenario in scenarios() if arguments.only in scenario.name]
    outcomes = check_all(chosen, arguments.studies, arguments.bootstrap, arguments.processes)
    table = verdict_table(chosen, outcomes)
    write_table(table, arguments.output)
    write_text(arguments.output.with_suffix(".md"), markdown(table))
    log(f"{len(chosen)} scenarios: {arguments.output}")


if __name__ == "__main__":
    sys.exit(run_program(main))
