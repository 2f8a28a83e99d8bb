"""Weights of the members of an ensemble, selected by macro-F1 on predictions of texts whose gold labels are known.

Averages are compared by their macro-F1 at the one threshold for all labels that is best for each, so that none gains by being less extreme
than another. Among equals the first member counts, and the smaller ensemble.
"""

import numpy as np

from emotion_grid.data.scores import f1
from emotion_grid.evaluation.thresholds import CANDIDATES

SEEDS, GREEDY, BEST = "seeds", "greedy", "best-"
"""Ways to select: the best member alone (the mean of its runs), greedily, and the best few, whose number follows the name."""

ROUNDS = 50
"""How often greedy selection adds a member."""

DIGITS = 9
"""Decimals of averaged probabilities: a sum's last digits shall not decide which of two equal averages is better."""


def member_weights(method: str, members: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """The weight of each member, (members,); they sum to 1.

    Args:
        method: `seeds`, `greedy` or `best-<k>`.
        members: probabilities, (members, rows, labels).
        gold: 0, 1 or NaN (unknown), (rows, labels); some cell is known.
    """
    if method == GREEDY:
        return greedy_weights(members, gold)
    count = 1 if method == SEEDS else int(method.removeprefix(BEST))
    scores = [best_macro_f1(member, gold) for member in members]
    weights = np.zeros(len(members))
    weights[np.argsort(-np.array(scores), kind="stable")[:count]] = 1 / count
    return weights


def greedy_weights(members: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Greedy selection with replacement: in each round the member whose addition makes the best average, however often it is in it already.

    The ensemble of the round with the best score is taken, the first of equals. The weight of a member is how often it was added, over
    the number of rounds. Source: Caruana, Niculescu-Mizil, Crew and Ksikes, Ensemble selection from libraries of models, ICML 2004.

    Args:
        members, gold: as in `member_weights`.
    """
    total, counts = np.zeros(gold.shape), np.zeros(len(members))
    top, weights = -1.0, counts
    for size in range(1, ROUNDS + 1):
        scores = [best_macro_f1(((total + member) / size).round(DIGITS), gold) for member in members]
        chosen = int(np.argmax(scores))
        total += members[chosen]
        counts[chosen] += 1
        if scores[chosen] > top:
            top, weights = scores[chosen], counts / size
    return weights


def best_macro_f1(probabilities: np.ndarray, gold: np.ndarray) -> float:
    """Macro-F1 at the best of the thresholds that tuning tries, the same for all labels.

    Args:
        probabilities: (rows, labels).
        gold: 0, 1 or NaN (unknown), (rows, labels).
    """
    known, positive = ~np.isnan(gold), gold > 0.5
    reached = np.searchsorted(CANDIDATES, probabilities, side="right")
    scores = f1(_count_at_each(reached, positive), _count_at_each(reached, known), positive.sum(0))
    return float(scores[:, known.any(0)].mean(1).max())


def _count_at_each(reached: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """How many of some cells of each label are predicted at each candidate: (candidates, labels).

    Args:
        reached: how many candidates the probability of a cell reaches, (rows, labels).
        cells: which cells to count, bool, (rows, labels).
    """
    labels = cells.shape[1]
    places = (reached * labels + np.arange(labels))[cells]
    counts = np.bincount(places, minlength=(len(CANDIDATES) + 1) * labels).reshape(-1, labels)
    return counts[::-1].cumsum(0)[::-1][1:]
