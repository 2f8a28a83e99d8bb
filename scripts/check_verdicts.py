"""Check by simulation how often verdicts on differences between settings are right, and how often intervals hold the true score.

Simulates studies whose true differences are known, judges them by the functions that make comparison.csv, and writes a Markdown table:
of each kind of study the share with a false claim where all settings are truly equal, the share of 95% intervals that hold the true
difference, and the share of true differences of 0.01, 0.02 and 0.05 that are called significant; each with its Monte Carlo standard
error. A second table says how often the intervals of scores hold the true score where texts are few and labels rare. No study and no
training is needed.
"""

import os
import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import write_text
from emotion_grid.base.messages import log
from emotion_grid.evaluation.interval_check import cases, check_intervals, interval_table
from emotion_grid.evaluation.verdict_check import check_all, markdown, scenarios


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--output", required=True, type=Path, help="the Markdown table to write")
    parser.add_argument(
        "--studies", type=int, default=400, help="simulated studies of a scenario (400); large ones get fewer"
    )
    parser.add_argument("--bootstrap", type=int, default=100, help="resamples of the texts of a study (100)")
    parser.add_argument("--only", default="", help="only scenarios and cases whose name contains this")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="scenarios simulated at a time")
    arguments = parser.parse_args()
    chosen = [scenario for scenario in scenarios() if arguments.only in scenario.name]
    outcomes = check_all(chosen, arguments.studies, arguments.bootstrap, arguments.processes)
    wanted = [case for case in cases() if arguments.only in case.name]
    found = check_intervals(wanted, arguments.studies, arguments.bootstrap, arguments.processes)
    tables = [markdown(chosen, outcomes)] if chosen else []
    tables += [interval_table(wanted, found)] if wanted else []
    write_text(arguments.output, "\n".join(tables))
    log(f"{len(chosen)} scenarios, {len(wanted)} cases of intervals: {arguments.output}")


if __name__ == "__main__":
    sys.exit(run_program(main))
