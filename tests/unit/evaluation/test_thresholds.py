"""Thresholds against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.evaluation.thresholds import CANDIDATES, tune_threshold
from testing.hand_made import GOLD4
from testing.strategies import random_case


def binary_at(probabilities, gold, threshold) -> float:
    """F1 of one label, counted row by row."""
    pairs = [(one >= threshold, bool(truth)) for one, truth in zip(probabilities.tolist(), gold.tolist(), strict=True)]
    right, wrong = pairs.count((True, True)), pairs.count((True, False)) + pairs.count((False, True))
    return 2 * right / (2 * right + wrong) if right else 0.0


def macro_at(probabilities, gold, threshold) -> float:
    return (
        sum(binary_at(one, truth, threshold) for one, truth in zip(probabilities.T, gold.T, strict=True))
        / gold.shape[1]
    )


def nearest_of_the_best(value_at) -> tuple[float, float]:
    """The best value over all thresholds from 0.05 to 0.95, and the distance to 0.5 of the nearest that reaches it."""
    values = {percent: value_at(percent / 100) for percent in range(5, 96)}
    best = max(values.values())
    return best, min(abs(percent - 50) for percent, value in values.items() if value >= best - 1e-9) / 100


CASES_TO_TUNE = st.builds(random_case, st.integers(0, 2**32 - 1), st.integers(2, 25), st.integers(2, 3), st.just(1))


@given(CASES_TO_TUNE)
def test_one_threshold_for_all_is_the_best_by_brute_force(case):
    probabilities, gold, _ = case
    found = tune_threshold(probabilities, gold, "global")
    assert len(set(found.tolist())) == 1
    best, distance = nearest_of_the_best(lambda threshold: macro_at(probabilities, gold, threshold))
    assert macro_at(probabilities, gold, found[0]) == pytest.approx(best)
    assert abs(found[0] - 0.5) == pytest.approx(distance)


@given(CASES_TO_TUNE)
def test_a_threshold_for_each_label_is_the_best_by_brute_force(case):
    probabilities, gold, _ = case
    found = tune_threshold(probabilities, gold, "per_label")
    for column in range(gold.shape[1]):
        one, truth = probabilities[:, column], gold[:, column]
        best, distance = nearest_of_the_best(lambda t, one=one, truth=truth: binary_at(one, truth, t))
        assert binary_at(one, truth, found[column]) == pytest.approx(best)
        assert abs(found[column] - 0.5) == pytest.approx(distance)


@pytest.mark.parametrize("mode", ["global", "per_label"])
@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0.2, 0.8, 0.5), (0.5, 0.8, 0.51), (0.6, 0.8, 0.61), (0.1, 0.3, 0.3), (0.1, 0.5, 0.5)]
)
def test_among_equals_the_threshold_nearest_to_a_half_is_taken(mode, low, high, expected):
    probabilities = np.where(GOLD4 > 0, high, low)
    assert tune_threshold(probabilities, GOLD4, mode).tolist() == [expected] * 2


@pytest.mark.parametrize("mode", ["global", "per_label", "fixed"])
def test_threshold_is_a_half_where_nothing_can_be_learned(mode):
    assert tune_threshold(np.zeros((0, 2)), np.zeros((0, 2)), mode).tolist() == [0.5, 0.5]
    assert tune_threshold(np.full((4, 2), 0.3), np.zeros((4, 2)), mode).tolist() == [0.5, 0.5]
    assert tune_threshold(np.full((4, 2), 0.3), GOLD4, "fixed").tolist() == [0.5, 0.5]


def test_candidates_reach_from_0_05_to_0_95():
    assert (CANDIDATES[0], CANDIDATES[-1], len(CANDIDATES)) == (0.05, 0.95, 91)
