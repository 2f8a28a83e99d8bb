"""The difference that a study can tell is found as often as promised, by brute force."""

import numpy as np
import pytest
from scipy import stats

from emotion_grid.evaluation.power import POWER, detectable, times_more


@pytest.mark.parametrize("freedom", [2, 4, 32, np.inf])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 15])
def test_it_is_found_with_the_power_by_trying(freedom, alpha):
    random, studies = np.random.default_rng(0), 20_000
    difference = detectable(np.array([0.01]), np.array([freedom]), alpha)[0]
    estimates = difference + 0.01 * random.normal(size=studies)
    errors = 0.01 * (np.sqrt(random.chisquare(freedom, studies) / freedom) if np.isfinite(freedom) else 1)
    assert (2 * stats.t.sf(estimates / errors, freedom) < alpha).mean() == pytest.approx(POWER, abs=0.012)


@pytest.mark.parametrize("shrinking, fixed", [(0.02, 0.0), (0.02, 0.005), (0.01, 0.005)])
def test_so_many_times_halve_the_error_and_one_less_does_not(shrinking, fixed):
    times, half = times_more(shrinking, fixed), np.hypot(shrinking, fixed) / 2
    assert np.hypot(shrinking / np.sqrt(times), fixed) <= half + 1e-12
    assert np.hypot(shrinking / np.sqrt(times - 1), fixed) > half


def test_what_is_small_already_cannot_halve_the_error():
    assert times_more(0.01, 0.01) is None
