"""Tables of texts and of predictions: reading, checking, writing."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_grid.base.files import whole_file
from emotion_grid.base.messages import InputError
from emotion_grid.data.forms import Form, read_text
from emotion_grid.data.predicted import check_ids, read_probabilities
from emotion_grid.data.problems import listed
from emotion_grid.data.rows import read_rows
from emotion_grid.data.texts import Mapped


def read_table(path: str | Path) -> pd.DataFrame:
    """A table of results as text cells.

    Raises:
        InputError: the file is not there or no table; the message names the line.
    """
    table = read_text(Path(path), Form(separator="comma", quotes="enclose"))
    for line, cells in zip(table.lines, table.rows, strict=False):
        if len(cells) != len(table.columns):
            raise InputError(
                f"{path}, line {line}: expected {len(table.columns)} cells ({listed(table.columns)}), found {len(cells)}"
            )
    return pd.DataFrame(table.rows, columns=table.columns, dtype=str)


def split_table(mapped: Mapped, labels: list[str]) -> pd.DataFrame:
    """The texts of a file as a table: `id`, `text` and the labels, 1.0, 0.0 or NaN."""
    values = np.array(mapped.values, dtype=float).reshape(len(mapped.ids), len(labels))
    return _table(mapped.ids, mapped.texts, labels, values)


def _table(ids: list[str], texts: list[str], labels: list[str], values: np.ndarray) -> pd.DataFrame:
    keys = pd.DataFrame({"id": pd.Series(ids, dtype=str), "text": pd.Series(texts, dtype=str)})
    return pd.concat([keys, pd.DataFrame(values, columns=labels)], axis=1)


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table of results as CSV; numbers have six significant digits."""
    with whole_file(path) as partial:
        table.to_csv(partial, index=False, lineterminator="\n", float_format="%.6g")


def write_split(table: pd.DataFrame, path: str | Path) -> None:
    """Write a prepared split; labels as 0 and 1, or empty where they are unknown."""
    labels = [name for name in table.columns if name not in ("id", "text")]
    with whole_file(path) as partial:
        table.astype(dict.fromkeys(labels, "Int64")).to_csv(
            partial, index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC
        )


def read_split(path: str | Path) -> pd.DataFrame:
    """A prepared split: `id` and `text` as text, labels as float (NaN where they are unknown); no rows if the study has no such split."""
    rows = read_rows(path)
    return _table(rows.ids, rows.texts, rows.labels, rows.gold)


def has_gold(table: pd.DataFrame) -> bool:
    """Whether any label of any row of a prepared split is known."""
    labels = [name for name in table.columns if name not in ("id", "text")]
    return bool(table[labels].notna().to_numpy().any())


def read_predictions(path: str | Path, labels: list[str]) -> pd.DataFrame:
    """A prediction table of anything: a run, a baseline, another team's file.

    Raises:
        InputError: columns that are missing, ids that stand twice, or values outside [0, 1].
    """
    found = read_probabilities(Path(path), labels)
    values = np.array(found.probabilities, dtype=float).reshape(len(found.ids), len(labels))
    return pd.concat(
        [pd.DataFrame({"id": pd.Series(found.ids, dtype=str)}), pd.DataFrame(values, columns=labels)], axis=1
    )


def match(predictions: pd.DataFrame, gold: pd.DataFrame, path: str) -> np.ndarray:
    """Probabilities (rows, labels) in the order of the gold table.

    Raises:
        InputError: ids that are missing or that the gold table does not have.
    """
    if list(predictions["id"]) != list(gold["id"]):
        check_ids(list(predictions["id"]), list(gold["id"]), path)
        predictions = predictions.set_index("id").loc[gold["id"]].reset_index()
    return predictions.drop(columns="id").to_numpy()
