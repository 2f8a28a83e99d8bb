"""The order of rows in an epoch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.training.order import LengthGroups


@given(rows=st.integers(0, 300), size=st.integers(1, 40), seed=st.integers(0, 2**32 - 1), epoch=st.integers(0, 50))
def test_length_groups_give_every_row_once(rows, size, seed, epoch):
    """Fault: a last, smaller batch that is lost or given twice."""
    lengths = np.random.default_rng(seed).integers(1, 100, rows).tolist()
    groups = LengthGroups(np.array(lengths), size, seed)
    groups.set_epoch(epoch)
    order = list(groups)
    assert len(groups) == rows
    assert sorted(order) == list(range(rows))
    assert all(type(row) is int for row in order)
    again = LengthGroups(np.array(lengths), size, seed)
    list(again)  # an epoch's order does not depend on what ran before it
    again.set_epoch(epoch)
    assert list(again) == order


def test_length_groups_differ_by_epoch_and_seed():
    """Fault: the same order in every epoch, or for every seed."""
    lengths = np.random.default_rng(0).integers(1, 100, 200).tolist()
    orders = set()
    for seed in range(3):
        groups = LengthGroups(np.array(lengths), 8, seed)
        for epoch in range(4):
            groups.set_epoch(epoch)
            orders.add(tuple(groups))
    assert len(orders) == 12


@pytest.mark.parametrize("size", [4, 8, 32])
def test_length_groups_put_similar_lengths_together(size):
    """Fault: batches that pad like random ones, or the same batches in every epoch."""
    random = np.random.default_rng(1)
    lengths = random.integers(1, 100, 1000)

    def spread(order):
        batches = [lengths[order[start : start + size]] for start in range(0, len(order), size)]
        return np.mean([batch.max() - batch.min() for batch in batches])

    groups = LengthGroups(lengths, size, 5)
    order = np.array(list(groups))
    assert spread(order) < 0.25 * spread(random.permutation(1000))
    batches = {frozenset(order[start : start + size].tolist()) for start in range(0, 1000, size)}
    groups.set_epoch(1)
    other = list(groups)
    assert len(batches & {frozenset(other[start : start + size]) for start in range(0, 1000, size)}) < len(batches) / 4
    means = [lengths[order[start : start + size]].mean() for start in range(0, 1000, size)]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.5  # batches of all lengths, early and late
