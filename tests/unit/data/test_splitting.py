"""Validation parts and folds."""

from collections import Counter

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.data.splitting import fold_numbers, share_rows, stratified_order, validation_rows


def labelled(gold: list[tuple[int, ...]], texts=None) -> tuple[pd.DataFrame, list[str]]:
    labels = [f"l{n}" for n in range(len(gold[0]))]
    table = pd.DataFrame(np.array(gold, dtype=float), columns=labels)
    table.insert(0, "text", texts or [f"text {n}" for n in range(len(gold))])
    return table, labels


@st.composite
def golds(draw, cells=((0, 1), (0, 1, None))):
    """Gold labels of up to 90 rows; None is unknown."""
    width, cell = draw(st.integers(1, 4)), st.sampled_from(draw(st.sampled_from(cells)))
    return draw(st.lists(st.tuples(*[cell] * width), min_size=6, max_size=90))


@given(golds(cells=[(0, 1)]), st.integers(0, 2**31))
def test_where_all_is_known_rows_are_sorted_by_their_combination_alone(gold, seed):
    """Fault: every study of before gets other splits."""
    table, labels = labelled(gold)
    shuffled = np.random.default_rng(seed).permutation(len(gold))
    assert stratified_order(table, labels, seed).tolist() == sorted(shuffled.tolist(), key=lambda row: gold[row])


@given(golds(), st.floats(0.02, 0.5), st.integers(2, 6), st.integers(0, 2**31))
def test_rows_annotated_for_the_same_labels_are_divided_in_proportion(gold, share, folds, seed):
    """Fault: all rows that are annotated for a label go to one side, while each combination is divided well."""
    table, labels = labelled(gold)
    chosen, numbers = validation_rows(table, labels, share, seed), fold_numbers(table, labels, folds, seed)
    annotated = [tuple(cell is not None for cell in row) for row in gold]
    for pattern, count in Counter(annotated).items():
        rows = np.array([one == pattern for one in annotated])
        assert abs(chosen[rows].sum() - share * count) <= 1
        held = np.bincount(numbers[rows], minlength=folds + 1)[1:]
        assert held.max() - held.min() <= 1


@given(golds(), st.floats(0.02, 0.5), st.integers(0, 2**31))
def test_validation_is_a_share_of_the_rows_and_of_every_combination(gold, share, seed):
    table, labels = labelled(gold)
    chosen = validation_rows(table, labels, share, seed)
    assert chosen.dtype == bool
    assert abs(chosen.sum() - share * len(gold)) <= 1
    for combination, count in Counter(gold).items():
        found = sum(one for one, row in zip(chosen, gold, strict=True) if row == combination)
        assert abs(found - share * count) <= 1


@given(golds(), st.integers(2, 6), st.integers(0, 2**31))
def test_folds_are_balanced_in_rows_and_combinations(gold, folds, seed):
    table, labels = labelled(gold)
    numbers = fold_numbers(table, labels, folds, seed).tolist()
    assert set(numbers) <= set(range(1, folds + 1))
    sizes = [numbers.count(fold) for fold in range(1, folds + 1)]
    assert sum(sizes) == len(gold)
    assert max(sizes) - min(sizes) <= 1
    for combination in set(gold):
        held = [
            sum(n == f and row == combination for n, row in zip(numbers, gold, strict=True))
            for f in range(1, folds + 1)
        ]
        assert max(held) - min(held) <= 1


@given(golds(), st.integers(1, 12), st.floats(0.05, 0.5), st.integers(0, 2**31))
def test_rows_of_one_text_stay_together(gold, kinds, share, seed):
    texts = [f"text {(n * n) % kinds}" for n in range(len(gold))]
    table, labels = labelled(gold, texts)
    chosen, numbers = validation_rows(table, labels, share, seed), fold_numbers(table, labels, 3, seed)
    for parts in (chosen, numbers):
        assert len(parts) == len(gold)
        assert len(set(zip(texts, parts.tolist(), strict=True))) == len(set(texts))
    assert abs(len({t for t, one in zip(texts, chosen, strict=True) if one}) - share * len(set(texts))) <= 1


def test_split_is_the_same_every_time_and_differs_with_the_seed():
    random = np.random.default_rng(3)
    table, labels = labelled([tuple(row) for row in random.integers(0, 2, (200, 3)).tolist()])
    first = validation_rows(table, labels, 0.1, 1), fold_numbers(table, labels, 5, 1)
    np.random.seed(99)
    again = validation_rows(table.copy(), labels, 0.1, 1), fold_numbers(table.copy(), labels, 5, 1)
    other = validation_rows(table, labels, 0.1, 2), fold_numbers(table, labels, 5, 2)
    for one, same, different in zip(first, again, other, strict=True):
        assert (one == same).all()
        assert (one != different).any()


def test_split_does_not_follow_the_order_of_the_rows():
    table, labels = labelled([(0,)] * 200)
    chosen = np.flatnonzero(validation_rows(table, labels, 0.2, 7))
    assert len(set(np.diff(chosen).tolist())) > 3, "not every fifth row"


@given(golds(), st.floats(0.02, 1), st.floats(0.02, 1), st.integers(0, 2**31))
def test_shares_are_nested_and_take_every_combination_in_proportion(gold, one, other, seed):
    table, labels = labelled(gold)
    less, more = (share_rows(table, labels, share, seed) for share in sorted((one, other)))
    assert not (less & ~more).any(), "a smaller share is part of a larger one"
    for share, chosen in zip(sorted((one, other)), (less, more), strict=True):
        assert chosen.sum() == max(1, round(share * len(gold)))
        for combination, count in Counter(gold).items():
            found = sum(one for one, row in zip(chosen, gold, strict=True) if row == combination)
            assert abs(found - share * count) <= 2


@given(golds(), st.integers(1, 12), st.floats(0.05, 1), st.integers(0, 2**31))
def test_a_share_takes_all_rows_of_a_text_or_none(gold, kinds, share, seed):
    texts = [f"text {(n * n) % kinds}" for n in range(len(gold))]
    table, labels = labelled(gold, texts)
    chosen = share_rows(table, labels, share, seed)
    assert len(set(zip(texts, chosen.tolist(), strict=True))) == len(set(texts))
    assert share_rows(table, labels, 1.0, seed).all()


def test_another_seed_gives_another_share():
    table, labels = labelled([(0,)] * 200)
    one, same, other = (share_rows(table, labels, 0.25, seed) for seed in (1, 1, 2))
    assert (one == same).all() and (one != other).sum() > 20
