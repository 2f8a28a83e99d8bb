"""Metrics of multi-label predictions at thresholds, with bootstrap intervals; all from prediction tables alone."""

from typing import Any

import numpy as np

from emotion_grid.data.scores import f1
from emotion_grid.evaluation.resampling import label_counts, resamples

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
        gold: 0 or 1, (rows, labels).
        thresholds: (labels,); a label is predicted if its probability reaches its threshold.
        bootstrap: number of resamples of the rows (Efron 1979, percentile intervals).
        confidence: coverage of the intervals.

    Returns:
        Rows with `metric`, `label` (empty for the whole), `value`, `low`, `high` (None without an interval).
    """
    gold, predicted = gold > 0.5, probabilities >= thresholds
    weights = np.concatenate([np.ones((1, len(gold)), dtype=np.float32), resamples(len(gold), bootstrap)])
    values = {(name, ""): samples for name, samples in _overall(gold, predicted, weights).items()}
    for column, label in enumerate(labels):
        values |= {
            (name, label): samples
            for name, samples in _of_label(gold[:, column], predicted[:, column], weights).items()
        }
    edges = [(1 - confidence) / 2, (1 + confidence) / 2]
    rows: list[dict] = []
    for (name, label), samples in values.items():
        low, high = np.quantile(samples[1:], edges)
        rows.append(
            {"metric": name, "label": label, "value": float(samples[0]), "low": float(low), "high": float(high)}
        )
    return rows + _average_precision(probabilities, gold, labels)


def _overall(gold: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Each metric for each row of weights: (resamples,)."""
    counts = label_counts(gold, predicted, weights)
    by_label, of_gold = f1(*counts), counts[-1]
    union = (gold | predicted).sum(1)
    jaccard = np.where(union > 0, (gold & predicted).sum(1) / np.maximum(union, 1), 1.0)
    total = weights.sum(1)
    return {
        "macro_f1": by_label.mean(1),
        "micro_f1": f1(*(count.sum(1) for count in counts)),
        "weighted_f1": (by_label * of_gold).sum(1) / np.maximum(of_gold.sum(1), 1),
        "subset_accuracy": weights @ (gold == predicted).all(1).astype(np.float32) / total,
        "hamming_loss": weights @ (gold != predicted).mean(1).astype(np.float32) / total,
        "jaccard": weights @ jaccard.astype(np.float32) / total,
    }


def _of_label(gold: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    true_positives, of_predicted, of_gold = label_counts(gold, predicted, weights)
    return {
        "precision": true_positives / np.maximum(of_predicted, 1),
        "recall": true_positives / np.maximum(of_gold, 1),
        "f1": f1(true_positives, of_predicted, of_gold),
    }


def _average_precision(probabilities: np.ndarray, gold: np.ndarray, labels: list[str]) -> list[dict]:
    """Area under precision and recall, a label and their mean over the labels that have a positive; needs no threshold."""
    from sklearn.metrics import average_precision_score

    found: dict[str, Any] = {
        label: float(average_precision_score(gold[:, column], probabilities[:, column]))
        for column, label in enumerate(labels)
        if gold[:, column].any()
    }
    mean = {"": float(np.mean(list(found.values())))} if found else {}
    return [
        {"metric": "average_precision", "label": label, "value": value, "low": None, "high": None}
        for label, value in (mean | found).items()
    ]
