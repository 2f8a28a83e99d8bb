"""The order of labelling: everybody's, with rare labels in the first hundred, and no place that says which."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.labelling.order import SITTING, labelling_order


def rare(rows: int, shares: list[float], seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random((rows, len(shares))) < shares).astype(float)


@given(st.integers(0, 350), st.lists(st.sampled_from([0.0, 0.01, 0.05, 0.3, 1.0]), max_size=8), st.integers(0, 99))
def test_each_text_once_and_each_label_early(rows, shares, seed):
    gold = rare(rows, shares, seed)
    order = labelling_order(gold)
    assert sorted(order) == list(range(rows))
    first = gold[order[:SITTING]].sum(axis=0)
    for label, total in enumerate(gold.sum(axis=0)):
        assert first[label] >= min(total, SITTING // 2 // len(shares)), f"label {label} of {total} texts"


def test_texts_without_a_label_are_there_too():
    gold = rare(2000, [0.02] * 5)
    order = labelling_order(gold)
    without = (gold[order[:SITTING]].sum(axis=1) == 0).sum()
    assert SITTING // 2 * 0.7 < without <= SITTING // 2, "half of the first hundred is drawn, whatever its labels"


def test_a_place_says_nothing_about_labels():
    """Fault: who knows that texts alternate, or that the first fifty have labels, is no longer blind."""
    gold = rare(2000, [0.02] * 5)
    has = gold[labelling_order(gold)[:SITTING]].any(axis=1)
    for part in (has[:50], has[50:], has[::2], has[1::2]):
        assert 0.25 < part.mean() < 0.75


def test_the_order_is_the_seeds():
    gold = rare(300, [0.1, 0.2])
    assert labelling_order(gold) == labelling_order(gold) != labelling_order(gold, seed=2)


def test_unknown_labels_say_nothing():
    unknown = np.full((300, 3), np.nan)
    assert labelling_order(unknown) == labelling_order(np.zeros((300, 3)))
    assert sorted(labelling_order(unknown)) == list(range(300))
