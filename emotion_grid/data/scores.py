"""The task's official score, small enough for training to choose its checkpoint by.

Gold labels are 0 or 1, or NaN where they are unknown, since nobody annotated the label in this text. Only known cells count.
"""

import numpy as np


def f1(true_positives: np.ndarray, predicted: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """F1 from counts of any one shape; 0 where nothing is predicted and nothing is gold."""
    both = predicted + gold
    return np.divide(2 * true_positives, both, out=np.zeros(np.shape(both), dtype=float), where=both > 0)


def known_cells(gold: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which cells are gold, which are given and which are known: three times bool, (rows, labels).

    A cell that is unknown is neither gold nor given, so that counts of true positives, given and gold labels leave it out.

    Args:
        gold: 0, 1 or NaN, (rows, labels).
        given: the labels that are predicted, bool, (rows, labels).
    """
    known = ~np.isnan(gold)
    return gold > 0.5, given & known, known


def macro_f1(gold: np.ndarray, given: np.ndarray) -> float:
    """Mean of F1 over the labels that have a known row.

    Args:
        gold: 0, 1 or NaN, (rows, labels).
        given: bool, (rows, labels).
    """
    gold, given, known = known_cells(gold, given)
    return float(f1((gold & given).sum(0), given.sum(0), gold.sum(0))[known.any(0)].mean())
