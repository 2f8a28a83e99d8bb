"""Power laws: fitted to exact and to noisy errors, within their bounds, and weighed against simpler forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import curve_fit

from emotion_grid.evaluation.power_law import cross_validated, fit_power_laws

X = np.array([128.0, 256, 512, 1024, 2048, 4096])
ONES = np.ones(len(X))


@given(st.floats(0, 0.5), st.floats(0.1, 0.5), st.floats(0.05, 2))
def test_exact_errors_give_their_law_back(a, share, c):
    errors = a + share * (X / X[0]) ** -c
    law = fit_power_laws(X, errors[None], ONES)
    assert law.at(X)[0] == pytest.approx(errors, abs=2e-4)
    assert law.at(np.array([2 * X[-1]]))[0, 0] == pytest.approx(a + share * (2 * X[-1] / X[0]) ** -c, abs=2e-3)


def test_known_parameters_are_found():
    law = fit_power_laws(X, (0.25 + 6 * X**-0.6)[None], ONES)
    assert (law.a[0], law.b[0] * law.unit ** law.c[0], law.c[0]) == pytest.approx((0.25, 6, 0.6), rel=0.02)


def test_noisy_errors_are_fitted_as_well_as_by_scipy():
    """Fault: a grid of exponents too coarse to find the least squares."""
    random = np.random.default_rng(2)
    for _ in range(20):
        errors = 0.2 + 3 * X**-0.4 + random.normal(0, 0.01, len(X))
        law = fit_power_laws(X, errors[None], ONES)
        (a, b, c), _ = curve_fit(
            lambda x, a, b, c: a + b * (x / 700) ** -c, X, errors, (0.2, 0.2, 0.4), bounds=([0, 0, 0.02], [1, 1, 8])
        )
        ours, theirs = ((errors - fitted) ** 2 for fitted in (law.at(X)[0], a + b * (X / 700) ** -c))
        assert ours.sum() <= theirs.sum() * 1.001 + 1e-9


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6), st.lists(st.floats(0.5, 5), min_size=6, max_size=6))
def test_laws_never_rise_and_never_fall_below_0(errors, weights):
    law = fit_power_laws(X, np.array([errors]), np.array(weights))
    assert law.a[0] >= 0 and law.b[0] >= 0
    curve = law.at(np.geomspace(X[0], 2 * X[-1], 30))[0]
    assert (np.diff(curve) <= 1e-12).all() and (curve >= 0).all()


def test_many_laws_are_fitted_as_each_alone():
    errors = np.random.default_rng(3).random((7, len(X)))
    together = fit_power_laws(X, errors, ONES).at(X)
    alone = [fit_power_laws(X, row[None], ONES).at(X)[0] for row in errors]
    assert together == pytest.approx(np.array(alone), abs=1e-12)


def test_nothing_is_said_beyond_twice_the_largest_x():
    law = fit_power_laws(X, (1 / X)[None], ONES)
    law.at(np.array([2 * X[-1]]))
    with pytest.raises(ValueError, match="expected at most 8192, twice the largest x that was run, found 8200"):
        law.at(np.array([8200.0]))


@pytest.mark.parametrize(
    ("errors", "best"),
    [
        (0.25 + 40 * X**-0.9, "law"),
        (0.9 - 0.08 * np.log(X), "line"),
        (np.array([0.31, 0.3, 0.305, 0.297, 0.31, 0.302]), "constant"),
    ],
    ids=["law", "line", "constant"],
)
def test_levels_that_are_left_out_are_told_best_by_the_form_that_made_them(errors, best):
    found = cross_validated(X, errors, ONES)
    assert min(found, key=found.get) == best
    assert found[best] < 0.006


def test_the_constant_of_cross_validation_is_the_mean_of_the_other_levels():
    errors = np.array([0.5, 0.3, 0.4, 0.2])
    found = cross_validated(X[:4], errors, np.ones(4))
    rest = [errors[place] - np.delete(errors, place).mean() for place in range(4)]
    assert found["constant"] == pytest.approx(np.sqrt(np.mean(np.square(rest))))
