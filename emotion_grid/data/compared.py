"""Where predictions lie, and tables of other people, whose columns may be written otherwise; with the standard library alone, as planning reads them.

No part of `predicted.py`, which the digest of preparation covers: what is added here renames no run.
"""

from pathlib import Path

from emotion_grid.base.messages import InputError
from emotion_grid.data.forms import Form, stream_text
from emotion_grid.data.predicted import Predictions, read_probabilities
from emotion_grid.data.problems import listed
from emotion_grid.data.splits import SPLITS


def prediction_tables(place: Path) -> dict[str, Path]:
    """The tables of predictions at a place, by their splits: those in a folder, or one file for all splits."""
    if place.is_file():
        return dict.fromkeys(SPLITS, place)
    return {split: path for split in SPLITS if (path := place / f"{split}.csv").is_file()}


def read_compared(path: Path, labels: list[str]) -> Predictions:
    """A prediction table whose columns may have other capitals than the labels (`Anger`); a label is a probability, or 0 or 1.

    Raises:
        InputError: columns that are missing, and all rows that cannot be used.
    """
    columns = stream_text(path, Form(separator="comma", quotes="enclose")).columns  # without the rows
    return read_probabilities(path, [_column_of(label, columns, labels, path) for label in labels])


def _column_of(label: str, columns: list[str], labels: list[str], path: Path) -> str:
    """The column of a label: the one of its name or, if there is none, the only one that differs in capitals and is no other label's."""
    alike = [column for column in columns if column.casefold() == label.casefold() and column not in labels]
    if label not in columns and len(alike) != 1:
        raise InputError(f"{path}: expected the column {label}, found {listed(columns)}")
    return label if label in columns else alike[0]
