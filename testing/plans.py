"""Plans of a small study, and the files of finished runs."""

import csv
from pathlib import Path

from emotion_grid.base.files import write_json
from emotion_grid.data.splits import RESULT_FILES
from emotion_grid.plan.plan import Plan, Row

ROWS = [("1", "so glad", "1", "0"), ("2", "so afraid", "0", "1"), ("3", "a day", "0", "0")]


def write_rows(path: Path, rows: list = ROWS) -> None:
    """A raw CSV file with two labels."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text", "joy", "fear"), *rows])


def only(plan: Plan) -> Row:
    """The run of a plan that has one."""
    (row,) = plan.runs.values()
    return row


def finish(row: Row, home: Path) -> None:
    """Make the files of a finished run."""
    write_json(home / row.folder / "spec.json", row.spec)
    for name in RESULT_FILES:
        path = home / row.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
