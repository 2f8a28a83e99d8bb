"""In which order texts are labelled: the same for everyone, with rare labels early."""

from collections import deque
from random import Random

import numpy as np

SITTING = 100
"""Texts that a person labels at a time."""

SEED = 1
"""Of the order. Who labels a hundred texts thus labels the same hundred as everyone else."""


def labelling_order(gold: np.ndarray, seed: int = SEED) -> list[int]:
    """Rows in the order in which people see them.

    Half of each hundred is chosen by label: again and again a text that has the label which was chosen least often until then. So each of L
    labels is there 50 / L times at least, rounded down, or as often as it occurs. The other half is drawn from all that are left. Then the
    hundred is shuffled: the place of a text says nothing about its labels. Without gold labels, all are drawn.

    Args:
        gold: (rows, labels): 0 or 1; NaN where a label is unknown.
    """
    random, rows = Random(seed), [*range(len(gold))]
    random.shuffle(rows)
    drawn, by_label = (
        deque(rows),
        [deque(row for row in rows if gold[row, label] == 1) for label in range(gold.shape[1])],
    )
    order: list[int] = []
    chosen, times = set[int](), np.zeros(gold.shape[1])
    while len(order) < len(rows):
        sitting: list[int] = []
        for place in range(min(SITTING, len(rows) - len(order))):
            next_of = _next_of_labels(by_label, chosen) if place < SITTING // 2 else {}
            row = next_of[min(next_of, key=times.__getitem__)] if next_of else _next(drawn, chosen)
            sitting.append(row)
            chosen.add(row)
            times += gold[row] == 1
        random.shuffle(sitting)
        order += sitting
    return order


def _next_of_labels(by_label: list[deque[int]], chosen: set[int]) -> dict[int, int]:
    """The next row of each label that has one left."""
    return {label: row for label, queue in enumerate(by_label) if (row := _next(queue, chosen)) >= 0}


def _next(queue: deque[int], chosen: set[int]) -> int:
    """The first row of a queue that was not chosen meanwhile; -1 if none is left."""
    while queue and queue[0] in chosen:
        queue.popleft()
    return queue[0] if queue else -1
