"""Metrics of multi-label predictions at thresholds, with bootstrap intervals; all from prediction tables alone.

Only cells whose gold label is known count. A label is scored on the rows that are annotated for it, and the mean over labels leaves a
label out that is annotated in no row. What is counted row by row (subset accuracy, Hamming loss, Jaccard index) compares a row's known
labels, and leaves a row out of which none is known.
"""

from typing import Any

import numpy as np

from emotion_grid.data.scores import f1, known_cells
from emotion_grid.evaluation.intervals import FEWEST, f1_interval, mean_f1_interval, wilson
from emotion_grid.evaluation.resampling import annotated, label_counts, resamples

OVERALL = ("macro_f1", "micro_f1", "weighted_f1", "subset_accuracy", "hamming_loss", "jaccard", "average_precision")
"""Metrics of a split as a whole, the task's official one first."""

PER_LABEL = ("precision", "recall", "f1", "average_precision")


def score(
    probabilities: np.ndarray,
    gold: np.ndarray,
    thresholds: np.ndarray,
    labels: list[str],
    bootstrap: int,
    confidence: float,
) -> list[dict]:
    """All metrics of one split at one threshold for each label.

    Args:
        probabilities: (rows, labels).
        gold: 0, 1 or NaN (unknown), (rows, labels); some cell is known.
        thresholds: (labels,); a label is predicted if its probability reaches its threshold.
        bootstrap: number of resamples of the rows (Efron 1979).
        confidence: coverage of the intervals.

    Returns:
        Rows with `metric`, `label` (empty for the whole), `value`, `low`, `high` (None without an interval).
    """
    labels = [label for label, known in zip(labels, ~np.isnan(gold).all(0), strict=True) if known]
    gold, probabilities, predicted = annotated(gold, probabilities, probabilities >= thresholds)
    gold, predicted, known = known_cells(gold, predicted)
    return [
        *_overall_rows(gold, predicted, known, bootstrap, confidence),
        *_label_rows(gold, predicted, labels, confidence),
        *_average_precision(probabilities, gold, known, labels),
    ]


def _overall_rows(
    gold: np.ndarray, predicted: np.ndarray, known: np.ndarray, bootstrap: int, confidence: float
) -> list[dict]:
    """Metrics of the whole; those without an interval of their own have percentiles of the bootstrap."""
    weights = np.concatenate([np.ones((1, len(gold)), dtype=np.float32), resamples(len(gold), bootstrap)])
    samples, positives = _overall(gold, predicted, known, weights), gold.sum(0)
    edges = [(1 - confidence) / 2, (1 + confidence) / 2]
    intervals = {name: tuple(np.quantile(values[1:], edges)) for name, values in samples.items()}
    shares = {
        "macro_f1": np.full(len(positives), 1 / len(positives)),
        "weighted_f1": positives / max(positives.sum(), 1),
    }
    for name, of_labels in shares.items():
        bias = float(samples[name][1:].mean() - samples[name][0])
        intervals[name] = mean_f1_interval(gold, predicted, of_labels, bias, confidence)
    right = (gold == predicted).all(1)
    intervals["subset_accuracy"] = wilson(right.sum(), np.array(len(right)), confidence)
    given = {name for name, (low, high) in intervals.items() if low < high and positives.mean() >= FEWEST}
    return [_row(name, "", values[0], intervals[name] if name in given else None) for name, values in samples.items()]


def _label_rows(gold: np.ndarray, predicted: np.ndarray, labels: list[str], confidence: float) -> list[dict]:
    """Precision, recall and F1 of each label."""
    hits, found, wanted = (part.sum(0) for part in (gold & predicted, predicted, gold))
    scores = {
        "precision": (hits / np.maximum(found, 1), found, wilson(hits, found, confidence)),
        "recall": (hits / np.maximum(wanted, 1), wanted, wilson(hits, wanted, confidence)),
        "f1": (f1(hits, found, wanted), wanted, f1_interval(hits, (gold | predicted).sum(0), confidence)),
    }
    return [
        _row(name, label, values[place], (low[place], high[place]) if counts[place] >= FEWEST else None)
        for place, label in enumerate(labels)
        for name, (values, counts, (low, high)) in scores.items()
    ]


def _row(metric: str, label: str, value: float, interval: Any) -> dict:
    low, high = (None, None) if interval is None else (float(edge) for edge in interval)
    return {"metric": metric, "label": label, "value": float(value), "low": low, "high": high}


def _overall(gold: np.ndarray, predicted: np.ndarray, known: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Each metric for each row of weights: (resamples,)."""
    counts = label_counts(gold, predicted, weights)
    by_label, of_gold = f1(*counts), counts[-1]
    union = (gold | predicted).sum(1)
    jaccard = np.where(union > 0, (gold & predicted).sum(1) / np.maximum(union, 1), 1.0)
    wrong = (gold != predicted).sum(1) / known.sum(1)
    total = weights.sum(1)
    return {
        "macro_f1": by_label.mean(1),
        "micro_f1": f1(*(count.sum(1) for count in counts)),
        "weighted_f1": (by_label * of_gold).sum(1) / np.maximum(of_gold.sum(1), 1),
        "subset_accuracy": weights @ (gold == predicted).all(1).astype(np.float32) / total,
        "hamming_loss": weights @ wrong.astype(np.float32) / total,
        "jaccard": weights @ jaccard.astype(np.float32) / total,
    }


def average_precision(gold: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean precision over the positives of a label, texts ordered by probability; equal ones count as one step.

    This is the average precision of scikit-learn, whose checks of its arguments took most of the time of scoring.

    Args:
        gold: bool, (rows,); some row is positive.
        probabilities: (rows,).
    """
    order = np.argsort(-probabilities)
    sorted_probabilities = probabilities[order]
    ends = np.append(np.flatnonzero(np.diff(sorted_probabilities)), len(order) - 1)
    hits = np.cumsum(gold[order])[ends]
    return float((np.diff(hits, prepend=0) * hits / (ends + 1)).sum() / hits[-1])


def _average_precision(probabilities: np.ndarray, gold: np.ndarray, known: np.ndarray, labels: list[str]) -> list[dict]:
    """Area under precision and recall, a label and their mean over the labels that have a positive; needs no threshold."""
    found: dict[str, Any] = {
        label: average_precision(gold[rows, column], probabilities[rows, column])
        for column, (label, rows) in enumerate(zip(labels, known.T, strict=True))
        if gold[:, column].any()
    }
    mean = {"": float(np.mean(list(found.values())))} if found else {}
    return [
        {"metric": "average_precision", "label": label, "value": value, "low": None, "high": None}
        for label, value in (mean | found).items()
    ]
