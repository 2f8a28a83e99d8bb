"""Write the report of a study on several data sets: one HTML page that opens anywhere, without a connection.

Reads the plan and the tables of each set's folder of results, and comparison.csv of the study; writes report.html, which leads to the
reports on single sets.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import write_text
from emotion_grid.base.integrity import expect_whole, recorded
from emotion_grid.base.layout import COMPARISON_TABLE, REPORT, REPORT_RECORD, SETS, SETS_RECORD
from emotion_grid.base.messages import log
from emotion_grid.evaluation.across import read_sets
from emotion_grid.evaluation.results import read_comparisons
from emotion_grid.report.across import across_page


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of the study's results")
    parser.add_argument("--sets", required=True, nargs="+", help="names of its data sets")
    parser.add_argument("--title", required=True, help="of the page")
    arguments = parser.parse_args()
    home = arguments.results
    expect_whole({home / SETS_RECORD: None})
    across = read_sets([home / SETS / name for name in arguments.sets])
    page = across_page(across, read_comparisons(home / COMPARISON_TABLE), arguments.title)
    with recorded(home / REPORT_RECORD, [REPORT]):
        write_text(home / REPORT, page)
    log(f"{home / REPORT}")


if __name__ == "__main__":
    sys.exit(run_program(main))
