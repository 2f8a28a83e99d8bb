"""Types of the columns of tables: what a CSV file holds as text becomes a whole number, a number or stays a text."""

from collections.abc import Iterable

import pandas as pd

COUNTS = {"trainable_parameters", "best_epoch", "runs", "sets", "pairs", "epoch", "step"}
"""Columns of whole numbers in any table."""


def numeric_axes(plans: Iterable[dict]) -> tuple[set[str], set[str]]:
    """Columns of axes whose cells are numbers in all plans, wherever there are any; and those of whole numbers among them.

    What a plan holds decides, and not what a cell looks like: `freeze: [0, half]` is a column of texts.

    Args:
        plans: contents of plan.json.
    """
    cells: dict[str, list] = {}
    for row in (row for plan in plans for row in plan["rows"]):
        for name, value in row["columns"].items():
            cells.setdefault(name, []).extend([] if value is None else [value])
    numbers = {
        name for name, values in cells.items() if values and all(type(value) in (int, float) for value in values)
    }
    return numbers, {name for name in numbers if all(type(value) is int for value in cells[name])}


def typed(table: pd.DataFrame, plans: Iterable[dict]) -> pd.DataFrame:
    """A table whose axes of numbers are numbers and whose counts are whole: `Int64`, so that a cell may be missing.

    Args:
        table: with texts in the columns of axes, and numbers in those of scores and counts.
        plans: contents of plan.json.
    """
    numbers, whole = numeric_axes(plans)
    numbers, whole = numbers & set(table), (whole | COUNTS) & set(table)
    table = table.assign(**{name: pd.to_numeric(table[name], errors="coerce") for name in numbers})
    return table.astype(dict.fromkeys(whole, "Int64"))
