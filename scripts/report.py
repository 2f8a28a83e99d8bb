"""Write the report: one HTML page that opens anywhere, without a connection.

Reads plan.json and the tables of an experiment (summary.csv, settings.csv, metrics.csv, comparison.csv), the checks of its data, the
histories of its runs, the predictions of the best one and, in the cache, what was found out about its encoder; writes report.html. The
best run is the best run of the setting with the highest mean on validation; scores that were used for selection are marked.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import write_text
from emotion_grid.base.integrity import recorded
from emotion_grid.base.layout import REPORT, REPORT_RECORD
from emotion_grid.base.messages import log
from emotion_grid.evaluation.results import read_results
from emotion_grid.report.study import report_page


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of the experiment's results")
    parser.add_argument(
        "--cache", type=Path, help="folder of what experiments share, to say why a run is not explained"
    )
    arguments = parser.parse_args()
    home = arguments.results
    page = report_page(read_results(home), arguments.cache)
    with recorded(home / REPORT_RECORD, [REPORT]):
        write_text(home / REPORT, page)
    log(f"{home / REPORT}")


if __name__ == "__main__":
    sys.exit(run_program(main))
