"""Tables of texts and of predictions: reading, checking, writing."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_grid.base.files import whole_file
from emotion_grid.base.messages import InputError
from emotion_grid.data.forms import Form, read_text
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


def _check_ids(table: pd.DataFrame, path: str | Path) -> None:
    blank = np.flatnonzero(table["id"].str.strip() == "")
    if len(blank):
        raise InputError(f"{_row(table, path, blank[0])}, column id: expected an id, found none")
    again = np.flatnonzero(table["id"].duplicated())
    if len(again):
        first = int(np.flatnonzero(table["id"] == table["id"].iat[again[0]])[0])
        raise InputError(
            f"{_row(table, path, again[0])}, column id: expected ids that are unique, found the id of row {first + 1} again"
        )


def _row(table: pd.DataFrame, path: str | Path, row: int) -> str:
    return f"{path}, row {row + 1} (id {table['id'].iat[row]})"


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
    table = read_table(path)
    missing = [name for name in ("id", *labels) if name not in table.columns]
    if missing:
        raise InputError(f"{path}: expected the column {missing[0]}, found {', '.join(table.columns)}")
    if len(table):
        _check_ids(table, path)
    values = table[labels].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    wrong = np.argwhere(~((values >= 0) & (values <= 1)))
    if len(wrong):
        row, column = wrong[0]
        found = table[labels[column]].iat[row] or "nothing"
        raise InputError(
            f"{_row(table, path, row)}, column {labels[column]}: expected a probability from 0 to 1, found {found}"
        )
    return pd.DataFrame(values, columns=labels).assign(id=table["id"])[["id", *labels]]


def match(predictions: pd.DataFrame, gold: pd.DataFrame, path: str) -> np.ndarray:
    """Probabilities (rows, labels) in the order of the gold table.

    Raises:
        InputError: ids that are missing or that the gold table does not have.
    """
    if list(predictions["id"]) != list(gold["id"]):
        missing = sorted(set(gold["id"]) - set(predictions["id"])) or sorted(set(predictions["id"]) - set(gold["id"]))
        if missing:
            raise InputError(
                f"{path}: expected one row for each of the {len(gold)} ids, found {len(predictions)}; the first that does not match is {missing[0]}"
            )
        predictions = predictions.set_index("id").loc[gold["id"]].reset_index()
    return predictions.drop(columns="id").to_numpy()
