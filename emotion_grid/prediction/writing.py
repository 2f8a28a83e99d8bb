"""Files of labelled texts: CSV, JSON Lines or Parquet, by how the file's name ends, written in parts."""

import csv
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emotion_grid.base.messages import InputError

Write = Callable[[pd.DataFrame], Any]
"""Adds rows to a file."""


def labelled_table(
    ids: list[str], labels: list[str], probabilities: np.ndarray, thresholds: np.ndarray
) -> pd.DataFrame:
    """The columns `id`, for each label 1 or 0, and for each its probability as `<label>_probability`; empty where there is no text.

    Probabilities have nine decimals, and the labels are theirs.

    Args:
        probabilities: (texts, labels), NaN where there is no text.
        thresholds: (labels,).
    """
    probabilities = probabilities.round(9)
    given = pd.DataFrame(probabilities >= thresholds, columns=labels).astype("Int8")
    given[np.isnan(probabilities).any(axis=1)] = pd.NA
    columns = [f"{label}_probability" for label in labels]
    return pd.concat(
        [pd.DataFrame({"id": pd.Series(ids, dtype=str)}), given, pd.DataFrame(probabilities, columns=columns)], axis=1
    )


def check_form(path: Path) -> None:
    """Refuse a file whose name does not end in the form that is to be written.

    Raises:
        InputError: with the endings that can be.
    """
    if path.suffix.lower() not in WRITERS:
        raise InputError(f"{path}: expected a file to write whose name ends in {', '.join(WRITERS)}, found another")


def table_writer(path: Path) -> AbstractContextManager[Write]:
    """A function that adds rows to a new file; its first call decides the columns."""
    return WRITERS[path.suffix.lower()](path)


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as file:

        def write(rows: pd.DataFrame) -> None:
            # All ids in quotes: without them, older Pythons write a carriage return as it stands, which ends a row.
            is_first, quoting = file.tell() == 0, csv.QUOTE_NONNUMERIC
            rows.to_csv(file, header=is_first, index=False, lineterminator="\n", quoting=quoting)

        yield write


@contextmanager
def _json_lines(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="") as file:
        yield lambda rows: rows.to_json(file, orient="records", lines=True, force_ascii=False, double_precision=9)


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    with ExitStack() as stack:
        writers: list[ParquetWriter] = []

        def write(rows: pd.DataFrame) -> None:
            table = pyarrow.Table.from_pandas(rows, preserve_index=False)
            if not writers:
                writers.append(stack.enter_context(ParquetWriter(path, table.schema)))
            writers[0].write_table(table)

        yield write


WRITERS = {".csv": _csv, ".jsonl": _json_lines, ".parquet": _parquet}
