"""Rows of a prepared split, and prediction tables, as plain lists and arrays: training a head starts faster without pandas."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion_grid.base.files import whole_file


@dataclass(frozen=True)
class Rows:
    """A prepared split.

    Attributes:
        gold: float, (rows, labels): 0 or 1; NaN where the label is unknown.
    """

    ids: list[str]
    texts: list[str]
    labels: list[str]
    gold: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def has_gold(self) -> bool:
        """Whether any label of any row is known."""
        return not np.isnan(self.gold).all()


def read_rows(path: str | Path) -> Rows:
    """A prepared split; without rows if the study has no such split."""
    with open(path, encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    labels = header[2:]
    gold = np.array([[float(cell) if cell else np.nan for cell in row[2:]] for row in rows], dtype=float)
    return Rows([row[0] for row in rows], [row[1] for row in rows], labels, gold.reshape(len(rows), len(labels)))


def write_predictions(path: str | Path, ids: list[str], labels: list[str], probabilities: np.ndarray) -> None:
    """Write a prediction table: `id` and a probability a label, a row for every input row, in input order.

    Args:
        probabilities: float, (rows, labels), each in [0, 1].

    Raises:
        ValueError: shapes that do not match, or values that are no probabilities.
    """
    if probabilities.shape != (len(ids), len(labels)):
        raise ValueError(f"expected {len(ids)} rows × {len(labels)} labels, found {probabilities.shape}")
    if not np.all((probabilities >= 0) & (probabilities <= 1)):
        raise ValueError("expected probabilities in [0, 1], found others (the training diverged?)")
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", *labels])
        writer.writerows([key, *(f"{value:.9g}" for value in row)] for key, row in zip(ids, probabilities, strict=True))
