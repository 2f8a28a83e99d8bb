"""The threshold from which on a probability counts as the label."""

from collections.abc import Sequence

import numpy as np

from emotion_grid.data.scores import f1

CANDIDATES = np.round(np.arange(0.05, 0.96, 0.01), 2)
"""Thresholds that tuning tries."""


def threshold_text(thresholds: Sequence[float]) -> str:
    """Thresholds (labels,) as a cell of summary.csv: one number if all are equal, else one for each label with blanks between."""
    return " ".join(f"{value:g}" for value in (thresholds[:1] if len(set(thresholds)) == 1 else thresholds))


def thresholds_from(text: str, labels: list[str]) -> np.ndarray:
    """The thresholds (labels,) in a cell of summary.csv.

    Raises:
        ValueError: neither one number nor one for each label.
    """
    return np.broadcast_to([float(value) for value in text.split()], len(labels))


def tune_threshold(probabilities: np.ndarray, gold: np.ndarray, mode: str) -> np.ndarray:
    """Thresholds (labels,) for validation's best macro-F1: `global` one for all, `per_label` one each, `fixed` 0.5.

    Among equals the one nearest to 0.5 is taken. Only ever called with validation.
    """
    labels = gold.shape[1]
    if mode == "fixed" or len(gold) == 0:
        return np.full(labels, 0.5)
    predicted = probabilities[None] >= CANDIDATES[:, None, None]
    counts = np.broadcast_to((gold > 0.5).sum(0), (len(CANDIDATES), labels))
    scores = f1((predicted & (gold > 0.5)).sum(1), predicted.sum(1), counts)
    by_distance = np.argsort(np.abs(CANDIDATES - 0.5), kind="stable")
    if mode == "global":
        return np.full(labels, CANDIDATES[by_distance[np.argmax(scores.mean(1)[by_distance])]])
    return CANDIDATES[by_distance[np.argmax(scores[by_distance], axis=0)]]
