"""Calibration of predicted probabilities, and F1 as it depends on the threshold."""

import numpy as np

from emotion_grid.data.scores import f1
from emotion_grid.evaluation.mistakes import Predicted
from emotion_grid.evaluation.thresholds import CANDIDATES

BINS = 10
"""Bins of a calibration curve, each with the same number of predictions; the calibration error's are of the same width."""


def calibration(predictions: Predicted) -> list[dict]:
    """Predicted and true share in bins of the same number of predictions, all known labels together, from low to high."""
    probabilities, gold = predictions.probabilities[predictions.known], predictions.gold[predictions.known]
    order = np.argsort(probabilities, kind="stable")
    parts = np.array_split(order, min(BINS, len(order)))
    return [
        {"predicted": float(probabilities[part].mean()), "true": float(gold[part].mean()), "predictions": len(part)}
        for part in parts
    ]


def calibration_error(probabilities: np.ndarray, gold: np.ndarray) -> float:
    """Expected calibration error (Naeini et al. 2015): mean distance of predicted and true share over ten bins of the same width."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    sums = np.bincount(bins, weights=probabilities - gold, minlength=BINS)
    return float(np.abs(sums).sum() / len(probabilities))


def label_calibration_errors(predictions: Predicted) -> dict[str, float]:
    """The calibration error of each label that some text is annotated for."""
    return {
        label: calibration_error(predictions.probabilities[rows, place], predictions.gold[rows, place])
        for place, (label, rows) in enumerate(zip(predictions.labels, predictions.known.T, strict=True))
        if rows.any()
    }


def threshold_curves(predictions: Predicted) -> list[dict]:
    """F1 of each label that some text is annotated for, and their mean, at every threshold that tuning tries."""
    predicted = (predictions.probabilities[None] >= CANDIDATES[:, None, None]) & predictions.known
    counts = np.broadcast_to(predictions.gold.sum(0), (len(CANDIDATES), len(predictions.labels)))
    scores = f1((predicted & predictions.gold).sum(1), predicted.sum(1), counts)
    places = np.flatnonzero(predictions.known.any(0))
    columns = {"macro-F1": scores[:, places].mean(1), **{predictions.labels[i]: scores[:, i] for i in places}}
    return [
        {"threshold": float(threshold), "of": name, "f1": float(value)}
        for name, values in columns.items()
        for threshold, value in zip(CANDIDATES, values, strict=True)
    ]
