"""What the tables of an experiment mean to all who read them."""

from pathlib import Path

import pandas as pd

REPETITIONS = ("seed", "fold")
"""Columns over which runs of one setting are averaged."""


def best_run(summary: pd.DataFrame) -> str:
    """The run with the best validation macro-F1 (at the threshold tuned there); the first among equals."""
    runs = summary[summary["kind"] == "run"]
    return runs["run"].loc[runs["validation_macro_f1"].idxmax()]


def prediction_folders(plan: dict, home: Path) -> dict[str, Path]:
    """Where the prediction tables of each row of the plan and of each entry under `compare` lie."""
    folders = {row["run"]: home / row["folder"] / "predictions" for row in plan["rows"]}
    return folders | {name: Path(folder).expanduser() for name, folder in plan["compare"].items()}
