"""Intervals of scores that hold where texts are few and labels are rare; none where fewer than `FEWEST` texts decide the score.

A share has Wilson's interval (1927). F1 of a label is a function of one share, the hits among the texts that have the label in gold or
prediction: F1 = 2s / (1 + s) (Hand, Christen and Kirielle, F*: an interpretable transformation of the F-measure, Machine Learning 110,
2021). The interval of this share thus gives that of F1. A mean of F1 over labels combines their intervals, also where these are not
symmetric (Zou and Donner, Construction of confidence limits about effect measures, Statistics in Medicine 27, 2008), and is moved by the
bias that a bootstrap finds: of few texts, F1 is too low on average. `emotion_grid/evaluation/interval_check.py` simulates how often these
intervals hold the true score.
"""

from statistics import NormalDist

import numpy as np

from emotion_grid.data.scores import f1

FEWEST = 4
"""Texts (of a label: positives; of a mean over labels: positives of a label on average) below which simulated intervals hold too rarely."""


def too_few(count: float, what: str) -> str:
    """Why a score has no interval; empty where it has one.

    Args:
        count: how many decide it.
        what: of what.
    """
    return "" if count >= FEWEST else f"{count:.2g} {what}: too few for an interval"


def wilson(hits: np.ndarray, trials: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval for shares; from 0 to 1 without a trial.

    Args:
        hits, trials: of any one shape.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle, width = hits + z**2 / 2, z * np.sqrt(hits * (1 - hits / np.maximum(trials, 1)) + z**2 / 4)
    return np.clip((middle - width) / (trials + z**2), 0, 1), np.clip((middle + width) / (trials + z**2), 0, 1)


def f1_interval(hits: np.ndarray, either: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """The interval of each label's F1.

    Args:
        hits: texts that have the label in gold and prediction, (labels,).
        either: texts that have it in one of them or in both.
    """
    low, high = wilson(hits, either, confidence)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def mean_f1_interval(
    gold: np.ndarray, predicted: np.ndarray, shares: np.ndarray, bias: float, confidence: float
) -> tuple[float, float]:
    """The interval of a mean of F1 over labels.

    Args:
        gold, predicted: bool, (texts, labels).
        shares: weight of each label, (labels,); they sum to 1.
        bias: how much too high the mean is on average, by the bootstrap.
    """
    hits, found, wanted = (part.sum(0) for part in (gold & predicted, predicted, gold))
    scores = f1(hits, found, wanted)
    low, high = f1_interval(hits, (gold | predicted).sum(0), confidence)
    related = _correlations(gold, predicted, scores)
    parts = (shares * (scores - low), shares * (high - scores))
    below, above = (np.sqrt(max(part @ related @ part, 0.0)) for part in parts)  # rounding may leave less than nothing
    mean = float(shares @ scores)
    return float(np.clip(mean - bias - below, 0, mean)), float(np.clip(mean - bias + above, mean, 1))


def _correlations(gold: np.ndarray, predicted: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Correlations (labels, labels) of the labels' F1 over samples of texts, from what each text contributes to each F1."""
    parts = 2.0 * (gold & predicted) - scores * (gold + predicted.astype(float))
    squares = parts.T @ parts
    spread = np.sqrt(np.diag(squares))
    scale = np.outer(spread, spread)
    return np.divide(squares, scale, out=np.eye(len(scores)), where=scale > 0)
