"""Score every prediction table of an experiment and write its tables.

Reads plan.json, the gold labels and the prediction tables; writes summary.csv (a row a run), settings.csv (a row a setting: seeds and
folds averaged) and metrics.csv (every metric with its interval). Thresholds are tuned on validation alone. What was scored before is
kept in metrics/ and not scored again.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import recorded
from emotion_grid.base.layout import METRICS_TABLE, RECORDED, SETTINGS_TABLE, SUMMARY_RECORD, SUMMARY_TABLE
from emotion_grid.data.tables import write_table
from emotion_grid.evaluation.scoring import evaluate


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--plan", required=True, type=Path, help="plan.json of the experiment")
    parser.add_argument("--output", required=True, type=Path, help="folder of the experiment's results")
    arguments = parser.parse_args()
    plan = read_json(arguments.plan)
    summary, settings, metrics = evaluate(plan, arguments.output)
    with recorded(arguments.output / SUMMARY_RECORD, RECORDED[SUMMARY_RECORD]):
        for name, table in ((METRICS_TABLE, metrics), (SETTINGS_TABLE, settings), (SUMMARY_TABLE, summary)):
            write_table(table, arguments.output / name)


if __name__ == "__main__":
    sys.exit(run_program(main))
