"""The task's official score, small enough for training to choose its checkpoint by."""

import numpy as np


def f1(true_positives: np.ndarray, predicted: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """F1 from counts of any one shape; 0 where nothing is predicted and nothing is gold."""
    both = predicted + gold
    return np.divide(2 * true_positives, both, out=np.zeros(np.shape(both), dtype=float), where=both > 0)


def macro_f1(gold: np.ndarray, given: np.ndarray) -> float:
    """Mean over the labels of F1.

    Args:
        gold: bool or 0/1, (rows, labels).
        given: bool or 0/1, (rows, labels).
    """
    gold, given = gold.astype(float), given.astype(float)
    return float(f1((gold * given).sum(0), given.sum(0), gold.sum(0)).mean())
