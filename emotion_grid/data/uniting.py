"""Uniting the prepared splits of several data sets: one table for each split, with the set's name before each id.

A label that a set has no column for is unknown in its rows.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from emotion_grid.data.preparation import describe, examine, lacking_labels
from emotion_grid.data.tables import read_split

BETWEEN = "/"
"""What stands between the name of a set and an id."""


def unite(
    folders: dict[str, Path], train_on: Sequence[str], judged_on: Sequence[str], labels: list[str]
) -> tuple[dict[str, pd.DataFrame], dict]:
    """The four splits of a set that unites others, and the checks.

    Train and validation are those of the sets to train on: a set's validation rows stay validation rows, so that runs trained on it alone
    and on several are chosen by the same ones. Dev and test are those of the sets to be judged on.

    Args:
        folders: of the prepared splits of each set, by its name.
        train_on, judged_on: names of sets.
        labels: all labels of all sets.
    """
    sets = {"train": train_on, "validation": train_on, "dev": judged_on, "test": judged_on}
    splits = {
        split: _joined({name: read_split(folders[name] / f"{split}.csv") for name in names}, labels)
        for split, names in sets.items()
    }
    checks, _ = examine({split: table for split, table in splits.items() if len(table)}, labels)
    return splits, {
        **checks,
        "dropped": 0,
        "warnings": lacking_labels(splits, labels),
        "prepared": {split: describe(table, labels) if len(table) else {"rows": 0} for split, table in splits.items()},
    }


def _joined(tables: dict[str, pd.DataFrame], labels: list[str]) -> pd.DataFrame:
    """The rows of all tables, one after another, with all labels."""
    parts = [
        table.assign(id=name + BETWEEN + table["id"]).reindex(columns=["id", "text", *labels])
        for name, table in tables.items()
    ]
    return pd.concat(parts, ignore_index=True).astype(dict.fromkeys(labels, float))
