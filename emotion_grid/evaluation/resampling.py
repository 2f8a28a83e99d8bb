"""Bootstrap resamples of the rows (Efron 1979), the same for every run, so that runs pair up."""

import functools

import numpy as np

from emotion_grid.data.scores import f1, known_cells


def resampled_macro_f1(gold: np.ndarray, predicted: np.ndarray, count: int) -> np.ndarray:
    """Macro-F1 on the rows as they are and on each resample: (1 + count,).

    Args:
        gold: 0, 1 or NaN (unknown), (rows, labels); some cell is known.
        predicted: bool, (rows, labels).
    """
    gold, predicted, _ = known_cells(*annotated(gold, predicted))
    weights = np.concatenate([np.ones((1, len(gold)), dtype=np.float32), resamples(len(gold), count)])
    return f1(*label_counts(gold, predicted, weights)).mean(1)


def annotated(gold: np.ndarray, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    """Gold labels and what stands beside them, (rows, labels), without the rows and the labels of which nothing is known."""
    known = ~np.isnan(gold)
    left = np.ix_(known.any(1), known.any(0))
    return tuple(part[left] for part in (gold, *others))


def label_counts(
    gold: np.ndarray, predicted: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True positives, predicted and gold labels in each row of weights: three times (resamples, labels), or (resamples,) of one label.

    Args:
        gold, predicted: bool, (rows, labels) or (rows,).
        weights: how often each row counts, (resamples, rows).
    """
    true_positives, of_predicted, of_gold = (
        weights @ part.astype(np.float32) for part in (gold & predicted, predicted, gold)
    )
    return true_positives, of_predicted, of_gold


@functools.lru_cache(maxsize=8)
def resamples(rows: int, count: int) -> np.ndarray:
    """How often each row stands in each bootstrap resample, (count, rows); the same for every run, so that runs pair up."""
    random = np.random.default_rng(rows)
    return np.stack([np.bincount(random.integers(0, rows, rows), minlength=rows) for _ in range(count)]).astype(
        np.float32
    )
