"""Selecting the members of an ensemble: as a search written out does, and what is known by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.data.scores import macro_f1
from emotion_grid.evaluation import selection
from emotion_grid.evaluation.selection import best_macro_f1, greedy_weights, member_weights
from emotion_grid.evaluation.thresholds import CANDIDATES

NAN = np.nan


def case(seed: int, members: int, rows: int, digits: int) -> tuple[np.ndarray, np.ndarray]:
    """Random members (members, rows, 2), with many equal probabilities if they have few digits; some gold labels are unknown."""
    random = np.random.default_rng(seed)
    gold = (random.random((rows, 2)) < 0.5).astype(float)
    gold[random.random(gold.shape) < 0.1] = NAN
    gold[0] = 1
    signal = np.nan_to_num(gold, nan=0.5) * 0.3
    return np.clip(signal + 0.7 * random.random((members, rows, 2)), 0, 1).round(digits), gold


CASES = st.builds(case, st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(2, 9), st.integers(1, 3))


def written_out(probabilities: np.ndarray, gold: np.ndarray) -> float:
    """Macro-F1 at the best threshold, one threshold after the other."""
    return max(macro_f1(gold, probabilities >= threshold) for threshold in CANDIDATES)


@given(CASES)
def test_an_average_is_judged_at_the_best_of_all_thresholds(drawn):
    members, gold = drawn
    assert best_macro_f1(members[0], gold) == pytest.approx(written_out(members[0], gold), abs=1e-12)


@given(CASES)
def test_greedy_selection_is_the_search_of_the_paper_written_out(drawn):
    """Each round tries every member with all that were added; the first best round wins. Seven rounds, to save time."""
    members, gold = drawn
    rounds = 7
    bag: list[int] = []
    scores = []
    for _ in range(rounds):
        tried = [written_out(members[[*bag, place]].mean(0).round(9), gold) for place in range(len(members))]
        bag.append(tried.index(max(tried)))
        scores.append(max(tried))
    first = bag[: scores.index(max(scores)) + 1]
    expected = np.bincount(first, minlength=len(members)) / len(first)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "ROUNDS", rounds)
        np.testing.assert_allclose(greedy_weights(members, gold), expected)


@given(CASES)
def test_a_greedy_ensemble_is_no_worse_than_its_best_member_where_it_was_selected(drawn):
    members, gold = drawn
    weights = greedy_weights(members, gold)
    assert weights.sum() == pytest.approx(1)
    whole = best_macro_f1(np.tensordot(weights, members, axes=1).round(9), gold)
    assert whole >= max(written_out(member, gold) for member in members) - 1e-12


def column(*values: float) -> np.ndarray:
    return np.array(values)[:, None]


GOLD = column(1, 0, 0)


def test_a_member_is_added_as_often_as_it_takes():
    """Neither alone nor once each do they rank the positive first; twice the first and once the second do."""
    members = np.array([column(0.6, 0.7, 0.2), column(0.5, 0.1, 0.9)])
    assert greedy_weights(members, GOLD) == pytest.approx([2 / 3, 1 / 3])


def test_among_equals_the_first_and_the_smallest_ensemble_counts():
    right, wrong = column(0.9, 0.1, 0.1), column(0.1, 0.9, 0.9)
    assert greedy_weights(np.array([wrong, right, right]), GOLD).tolist() == [0, 1, 0]
    assert member_weights("seeds", np.array([wrong, right, right]), GOLD).tolist() == [0, 1, 0]
    assert member_weights("best-2", np.array([wrong, right, right, right]), GOLD).tolist() == [0, 0.5, 0.5, 0]


@pytest.mark.parametrize("method", ["seeds", "greedy", "best-1"])
def test_a_single_member_has_all_the_weight(method):
    assert member_weights(method, column(0.2, 0.3, 0.4)[None], GOLD).tolist() == [1]


def test_the_best_few_have_equal_weights_whatever_their_order():
    members = np.array([column(0.1, 0.9, 0.9), column(0.6, 0.7, 0.2), column(0.9, 0.1, 0.1)])
    assert member_weights("best-2", members, GOLD).tolist() == [0, 0.5, 0.5]
    assert member_weights("best-2", members[::-1], GOLD).tolist() == [0.5, 0.5, 0]


def test_a_label_that_is_unknown_everywhere_counts_nowhere():
    gold = np.hstack([GOLD, np.full((3, 1), NAN)])
    members = np.array([np.hstack([column(0.1, 0.9, 0.9), GOLD]), np.hstack([column(0.9, 0.1, 0.1), 1 - GOLD])])
    assert greedy_weights(members, gold).tolist() == [0, 1]
