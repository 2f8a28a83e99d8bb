"""The histories of runs: a row for each epoch."""

from pathlib import Path

import pandas as pd

from emotion_grid.data.tables import read_table

WHOLE = ("epoch", "step")
"""The columns of whole numbers; the others are losses, scores and seconds."""


def read_history(path: Path) -> pd.DataFrame:
    """history.csv of a run, every number to its last digit: `epoch` and `step` are whole, `nan` is NaN.

    Raises:
        InputError: no table, or one that cannot be read.
    """
    table = read_table(path)
    return table.astype({name: "int64" if name in WHOLE else "float64" for name in table.columns})
