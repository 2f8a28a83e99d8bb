"""The run that a study explains, and why there is no explanation of it."""

import csv
from pathlib import Path

from emotion_grid.base.layout import MODELS_TABLE
from emotion_grid.base.messages import InputError


def explained_run(home: Path, wanted: str) -> str:
    """The run to explain, from the table of models.

    Args:
        home: the experiment's folder of results.
        wanted: its name, or `best`.

    Raises:
        InputError: the table does not name it.
    """
    path = home / MODELS_TABLE
    with path.open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    named = [row["run"] for row in rows if row.get("run") == wanted or (wanted, row.get("best")) == ("best", "True")]
    if not named:
        raise InputError(f"{path}: expected the run to explain ({wanted}), found none; delete it and start again")
    return named[0]


def unexplained_text(run: str, reason: str) -> str:
    """What is said of a run that cannot be explained."""
    return f"Explanations: none of {run}: {reason}"
