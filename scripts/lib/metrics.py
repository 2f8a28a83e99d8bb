"""Metrics of multi-label predictions at thresholds, with bootstrap intervals; all from prediction tables alone."""

import functools
from typing import Any

import numpy as np
import pandas as pd

from scripts.lib.files import InputError
from scripts.lib.scores import f1

CANDIDATES = np.round(np.arange(0.05, 0.96, 0.01), 2)
"""Thresholds that tuning tries."""

OVERALL = ("macro_f1", "micro_f1", "weighted_f1", "subset_accuracy", "hamming_loss", "jaccard", "average_precision")
"""Metrics of a split as a whole, the task's official one first."""

PER_LABEL = ("precision", "recall", "f1", "average_precision")


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


def tune_threshold(probabilities: np.ndarray, gold: np.ndarray, mode: str) -> np.ndarray:
    """Thresholds (labels,) for validation's best macro-F1: `global` one for all, `per_label` one each, `fixed` 0.5.

    Among equals the one nearest to 0.5 is taken. Only ever called with validation.
    """
    labels = gold.shape[1]
    if mode == "fixed" or len(gold) == 0:
        return np.full(labels, 0.5)
    given = probabilities[None] >= CANDIDATES[:, None, None]
    scores = f1(
        (given & (gold > 0.5)).sum(1), given.sum(1), np.broadcast_to((gold > 0.5).sum(0), (len(CANDIDATES), labels))
    )
    by_distance = np.argsort(np.abs(CANDIDATES - 0.5), kind="stable")
    if mode == "global":
        return np.full(labels, CANDIDATES[by_distance[np.argmax(scores.mean(1)[by_distance])]])
    return CANDIDATES[by_distance[np.argmax(scores[by_distance], axis=0)]]


@functools.lru_cache(maxsize=8)
def resamples(rows: int, count: int) -> np.ndarray:
    """How often each row stands in each bootstrap resample, (count, rows); the same for every run, so that runs pair up."""
    random = np.random.default_rng(rows)
    return np.stack([np.bincount(random.integers(0, rows, rows), minlength=rows) for _ in range(count)]).astype(
        np.float32
    )


def score(
    probabilities: np.ndarray,
    gold: np.ndarray,
    thresholds: np.ndarray,
    labels: list[str],
    bootstrap: int,
    confidence: float,
) -> list[dict]:
    """All metrics of one split at given thresholds.

    Args:
        probabilities: (rows, labels).
        gold: 0 or 1, (rows, labels).
        thresholds: (labels,); a label is given from its threshold on.
        bootstrap: number of resamples of the rows (Efron 1979, percentile intervals).
        confidence: coverage of the intervals.

    Returns:
        Rows with `metric`, `label` (empty for the whole), `value`, `low`, `high` (None without an interval).
    """
    gold, given = gold > 0.5, probabilities >= thresholds
    weights = np.concatenate([np.ones((1, len(gold)), dtype=np.float32), resamples(len(gold), bootstrap)])
    values = {(name, ""): samples for name, samples in _overall(gold, given, weights).items()}
    for column, label in enumerate(labels):
        values |= {
            (name, label): samples for name, samples in _of_label(gold[:, column], given[:, column], weights).items()
        }
    edges = [(1 - confidence) / 2, (1 + confidence) / 2]
    rows: list[dict] = []
    for (name, label), samples in values.items():
        low, high = np.quantile(samples[1:], edges)
        rows.append(
            {"metric": name, "label": label, "value": float(samples[0]), "low": float(low), "high": float(high)}
        )
    return rows + _average_precision(probabilities, gold, labels)


def _overall(gold: np.ndarray, given: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Each metric for each row of weights: (resamples,)."""
    both, predicted, positive = (weights @ part.astype(np.float32) for part in (gold & given, given, gold))
    by_label = f1(both, predicted, positive)
    union = (gold | given).sum(1)
    jaccard = np.where(union > 0, (gold & given).sum(1) / np.maximum(union, 1), 1.0)
    total = weights.sum(1)
    return {
        "macro_f1": by_label.mean(1),
        "micro_f1": f1(both.sum(1), predicted.sum(1), positive.sum(1)),
        "weighted_f1": (by_label * positive).sum(1) / np.maximum(positive.sum(1), 1),
        "subset_accuracy": weights @ (gold == given).all(1).astype(np.float32) / total,
        "hamming_loss": weights @ (gold != given).mean(1).astype(np.float32) / total,
        "jaccard": weights @ jaccard.astype(np.float32) / total,
    }


def _of_label(gold: np.ndarray, given: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    both, predicted, positive = (weights @ part.astype(np.float32) for part in (gold & given, given, gold))
    return {
        "precision": both / np.maximum(predicted, 1),
        "recall": both / np.maximum(positive, 1),
        "f1": f1(both, predicted, positive),
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
