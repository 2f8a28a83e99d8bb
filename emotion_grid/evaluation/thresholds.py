"""The threshold from which on a probability counts as the label."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emotion_grid.data.scores import f1
from emotion_grid.evaluation.resampling import label_counts, resamples

CANDIDATES = np.round(np.arange(0.05, 0.96, 0.01), 2)
"""Thresholds that tuning tries."""

RESAMPLES = 20
"""Bootstrap resamples of the texts whose thresholds are averaged."""

POOLED = ("bagged", "shrunk")
"""The kinds of thresholds that the runs of a setting share (`tuning.py`); the others are each run's own."""

FIXED = "fixed"
"""The kind of thresholds that are 0.5: all of them if the config says so, else those of predictions without rows of validation."""

THRESHOLD_KIND = "threshold_kind"
"""The column of summary.csv with the kind of a row's thresholds."""

THRESHOLD_COLUMNS = {"test": "threshold", "dev": "dev_threshold", "validation": "validation_threshold"}
"""The column of summary.csv with the thresholds that each split is scored with; those of test are for new texts, too."""


@dataclass(frozen=True)
class Labelled:
    """Predictions of texts whose gold labels are known.

    Attributes:
        ids: of the texts, (rows,); a text has a row for each run that predicts it.
        probabilities: (rows, labels).
        gold: 0 or 1, NaN where unknown, (rows, labels).
    """

    ids: np.ndarray
    probabilities: np.ndarray
    gold: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def without(self, ids: np.ndarray) -> "Labelled":
        """The rows of all texts but these."""
        kept = ~np.isin(self.ids, ids)
        return Labelled(self.ids[kept], self.probabilities[kept], self.gold[kept])


def threshold_text(thresholds: Sequence[float]) -> str:
    """Thresholds (labels,) as a cell of summary.csv: one number if all are equal, else one for each label with blanks between."""
    return " ".join(f"{value:g}" for value in (thresholds[:1] if len(set(thresholds)) == 1 else thresholds))


def thresholds_from(text: str, labels: list[str]) -> np.ndarray:
    """The thresholds (labels,) in a cell of summary.csv.

    Raises:
        ValueError: neither one number nor one for each label.
    """
    return np.broadcast_to([float(value) for value in text.split()], len(labels))


def tune_threshold(predictions: Labelled, mode: str) -> np.ndarray:
    """Thresholds (labels,) for the best macro-F1 on some predictions; 0.5 where there are none.

    Args:
        predictions: never of texts that are scored with these thresholds, apart from validation, which selects anyway.
            Gold labels that are unknown do not count.
        mode: `fixed`: 0.5. `global`: the candidate with the best macro-F1. `per_label`: for each label the candidate with its best F1.
            Among equals the one nearest to 0.5 is taken. `bagged`: the mean of the global ones of 20 bootstrap resamples of the texts, all
            rows of a text together (bootstrap aggregating, Breiman 1996); the best candidate on a few texts depends on single texts, its
            mean over resamples less so. `shrunk`: for each label the middle between that and its own one, which is averaged in the same
            way; in a resample without a positive of the label, its own one is the global one.
    """
    labels = predictions.gold.shape[1]
    if mode == FIXED or len(predictions) == 0:
        return np.full(labels, 0.5)
    gold = predictions.gold > 0.5
    weights = _resampled_rows(predictions.ids) if mode in POOLED else np.ones((1, len(gold)), dtype=np.float32)
    scores = _scores(
        np.where(np.isnan(predictions.gold), -1, predictions.probabilities), gold, weights
    )  # unknown: never given
    shared = _best(scores.mean(2))[:, None]
    if mode in ("global", "bagged"):
        return np.full(labels, _mean(shared))
    own = _best(scores)
    if mode == "shrunk":
        own = (shared + np.where(weights @ gold > 0, own, shared)) / 2
    return _mean(own)


def _resampled_rows(ids: np.ndarray) -> np.ndarray:
    """How often each row stands in each resample of the texts, (resamples, rows); whatever the order of the rows."""
    texts, text_of_row = np.unique(ids, return_inverse=True)
    return resamples(len(texts), RESAMPLES)[:, text_of_row]


def _scores(probabilities: np.ndarray, gold: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """F1 of each label at each candidate in each row of weights: (resamples, candidates, labels)."""
    scores = []
    for column, truth in zip(probabilities.T, gold.T, strict=True):
        counts = label_counts(truth[:, None], column[:, None] >= CANDIDATES, weights)
        scores.append(f1(*(count.astype(float) for count in counts)))
    return np.stack(scores, axis=2)


def _best(scores: np.ndarray) -> np.ndarray:
    """The candidate with the best score, among equals the one nearest to 0.5.

    Args:
        scores: (resamples, candidates) or (resamples, candidates, labels); what is returned lacks the axis of the candidates.
    """
    by_distance = np.argsort(np.abs(CANDIDATES - 0.5), kind="stable")
    return CANDIDATES[by_distance[np.argmax(scores[:, by_distance], axis=1)]]


def _mean(thresholds: np.ndarray) -> np.ndarray:
    """The mean over the resamples, in digits that a table holds."""
    return np.round(thresholds.mean(0), 4)
