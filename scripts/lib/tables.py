"""What the tables of an experiment mean to all who read them."""

import pandas as pd

REPETITIONS = ("seed", "fold")
"""Columns over which runs of one setting are averaged."""


def best_run(summary: pd.DataFrame) -> str:
    """The run with the best validation macro-F1 (at the threshold tuned there); the first among equals."""
    runs = summary[summary["kind"] == "run"]
    return runs["run"].loc[runs["validation_macro_f1"].idxmax()]
