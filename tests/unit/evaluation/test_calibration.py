"""Calibration, counted again the slow way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.evaluation.calibration import calibration, calibration_error
from testing.strategies import predicted


@given(st.integers(0, 10_000))
def test_calibration_counts_every_prediction_once(seed):
    found = predicted(seed)
    bins = calibration(found)
    assert sum(row["predictions"] for row in bins) == found.gold.size
    assert sum(row["true"] * row["predictions"] for row in bins) == pytest.approx(found.gold.sum())
    p, gold = found.probabilities[:, 0], found.gold[:, 0]
    slow = 0.0
    for number in range(10):
        inside = [place for place in range(len(p)) if min(int(p[place] * 10), 9) == number]
        slow += abs(sum(p[place] - gold[place] for place in inside))
    assert calibration_error(p, gold) == pytest.approx(slow / len(p))
    assert calibration_error(gold.astype(float), gold) == 0
