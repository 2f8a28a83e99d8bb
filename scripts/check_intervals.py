"""Check by simulation how often the intervals of scores hold the true score, where texts are few and labels are rare.

Simulates the predictions of a run whose true scores are known, computes their intervals by the function that makes metrics.csv, and writes
a Markdown table. No study and no training is needed.
"""

import os
import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import write_text
from emotion_grid.base.messages import log
from emotion_grid.evaluation.interval_check import cases, check_intervals, interval_table


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--output", required=True, type=Path, help="the Markdown table to write")
    parser.add_argument(
        "--splits", type=int, default=400, help="simulated splits of a case (400); of many labels fewer"
    )
    parser.add_argument("--bootstrap", type=int, default=200, help="resamples of the texts of a split (200)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="cases simulated at a time")
    arguments = parser.parse_args()
    chosen = cases()
    found = check_intervals(chosen, arguments.splits, arguments.bootstrap, arguments.processes)
    write_text(arguments.output, interval_table(chosen, found))
    log(f"{len(chosen)} cases: {arguments.output}")


if __name__ == "__main__":
    sys.exit(run_program(main))
