"""Tables of texts and of predictions: reading, checking, writing."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_grid.base.files import whole_file
from emotion_grid.base.messages import InputError
from emotion_grid.data.rows import read_rows


def read_table(path: str | Path) -> pd.DataFrame:
    """A CSV file as text cells.

    Raises:
        InputError: the file is not there, not UTF-8 or not a table; the message names the line.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: expected a CSV file, found none")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}, line {line}: expected UTF-8, found the byte 0x{content[error.start]:02x}; save the file as UTF-8"
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header, *rows = [(reader.line_num, row) for row in reader if row] or [(0, [])]
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: expected a CSV table, found: {error}") from None
    columns = header[1]
    if not columns:
        raise InputError(f"{path}: expected a CSV table with a header, found nothing")
    if twice := [name for name in columns if columns.count(name) > 1]:
        raise InputError(f"{path}: expected every column once, found {twice[0]} again")
    for line, cells in rows:
        if len(cells) != len(columns):
            raise InputError(
                f"{path}, line {line}: expected {len(columns)} cells ({', '.join(columns)}), found {len(cells)}; "
                "a text that holds commas or quotes stands in double quotes"
            )
    return pd.DataFrame([cells for _, cells in rows], columns=columns, dtype=str)


def check_split(table: pd.DataFrame, path: str | Path, labels: list[str], gold: bool) -> pd.DataFrame:
    """The columns `id`, `text` and the labels of a raw table, checked; label cells become 0.0, 1.0 or, if empty, NaN: unknown.

    Args:
        table: cells as text.
        path: what error messages name.
        labels: the label columns, in order.
        gold: whether every row and every label must have a known cell, as in train.

    Raises:
        InputError: the first thing that is wrong, with row and column; rows count from 1 below the header.
    """
    columns = list(table.columns)
    if len(table) == 0:
        raise InputError(f"{path}: expected at least one row, found none")
    missing = [name for name in ("id", "text", *labels) if name not in columns]
    if set(missing) == set(labels) and not gold:
        table, missing = table.assign(**dict.fromkeys(labels, "")), []
    if missing:
        hint = "; leave the cells of a label empty that this file does not annotate" if missing[0] in labels else ""
        raise InputError(f"{path}: expected the column {missing[0]}, found {', '.join(columns)}{hint}")
    table = table[["id", "text", *labels]]
    _check_ids(table, path)
    blank = np.flatnonzero(table["text"].str.strip() == "")
    if len(blank):
        raise InputError(f"{_row(table, path, blank[0])}, column text: expected a text, found none")
    cells = table[labels].apply(lambda column: column.str.strip())
    wrong = np.argwhere(~cells.isin(["0", "1", ""]).to_numpy())
    if len(wrong):
        row, column = wrong[0]
        raise InputError(
            f"{_row(table, path, row)}, column {labels[column]}: expected 0 or 1, or nothing where the label is not annotated, "
            f"found {cells.iat[row, column]}"
        )
    if gold:
        _check_annotated(cells != "", table, path)
    return table.assign(**{label: pd.to_numeric(cells[label]).astype(float) for label in labels})


def _check_annotated(known: pd.DataFrame, table: pd.DataFrame, path: str | Path) -> None:
    """Refuse a label that no row is annotated for, and a row that is annotated for no label.

    Args:
        known: which label cells of the table hold something.
    """
    for label in known.columns[~known.any()]:
        raise InputError(f"{path}, column {label}: expected 0 or 1 in at least one row, found nothing")
    for row in np.flatnonzero(~known.any(axis=1)).tolist():
        raise InputError(
            f"{_row(table, path, row)}: expected 0 or 1 for at least one label, found nothing; fill the row in or remove it"
        )


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
    return pd.DataFrame({"id": pd.Series(rows.ids, dtype=str), "text": pd.Series(rows.texts, dtype=str)}).assign(
        **{label: rows.gold[:, place] for place, label in enumerate(rows.labels)}
    )


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
