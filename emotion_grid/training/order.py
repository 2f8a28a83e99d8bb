"""The order in which training visits its rows."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

MEGABATCH = 50
"""Batches within which rows are sorted by length: enough to save padding, few enough to keep the order random."""


class LengthGroups(Sampler[int]):
    """Random order in which neighbours have similar lengths, from a seed and the epoch alone.

    Rows are shuffled, cut into groups of `MEGABATCH` batches, sorted by length within a group, and the batches shuffled; so
    an epoch's order does not depend on what ran before it.
    """

    def __init__(self, lengths: np.ndarray, batch_size: int, seed: int):
        self.lengths, self.batch_size, self.seed, self.epoch = lengths, batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        random = np.random.default_rng([self.seed, self.epoch])
        order = random.permutation(len(self.lengths))
        group = MEGABATCH * self.batch_size
        for start in range(0, len(order), group):
            part = order[start : start + group]
            order[start : start + group] = part[np.argsort(-self.lengths[part], kind="stable")]
        full = len(order) // self.batch_size * self.batch_size
        batches = [*order[:full].reshape(-1, self.batch_size), order[full:]]
        first = batches[: full // self.batch_size]
        random.shuffle(first)
        yield from (int(row) for batch in [*first, order[full:]] for row in batch)
