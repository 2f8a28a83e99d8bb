"""What a study is said to be able to tell, before it runs, is what it tells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_grid.evaluation.foresight import (
    POWER,
    USUAL,
    FoldNoise,
    Noise,
    Size,
    errors_to_find,
    noise_from,
    smallest_difference,
)
from emotion_grid.evaluation.noise import noise_of
from emotion_grid.evaluation.power import detectable
from emotion_grid.evaluation.simulation import Design, simulate
from emotion_grid.evaluation.verdict_check import share_found


@given(st.floats(4, 2000), st.floats(0.0005, 0.05))
@settings(deadline=None, max_examples=60)
def test_it_is_the_noncentral_t_distribution_of_finished_studies(freedom, level):
    expected = detectable(np.array([1.0]), np.array([freedom]), level)[0]
    assert errors_to_find(freedom, level) == pytest.approx(expected, rel=1e-5)


SIMULATED = [
    Design(4, 3, rows=115),
    Design(4, 2, rows=1000),
    Design(2, 5, rows=600),
    Design(16, 3, rows=200),
    Design(4, 1, folds=5, rows=1500),
    Design(2, 3, folds=5, rows=600),
]


@pytest.mark.parametrize("design", SIMULATED, ids=str)
def test_so_large_a_difference_is_found_with_the_power(design):
    """In simulated studies with the usual noise; half of it is mostly not found.

    With folds, simulated differences vary less than Nadeau and Bengio's factor allows for, since no training rows are lucky.
    """
    size = Size(design.settings, design.seeds, design.rows, design.settings - 1, design.folds)
    smallest = smallest_difference(USUAL, size, 0.95)
    assert POWER - 0.12 <= share_found(design, smallest, 40, seed=2) <= (0.97 if design.folds else POWER + 0.12)
    assert share_found(design, smallest / 2, 40, seed=2) < 0.5


sizes = st.builds(
    Size,
    st.integers(2, 40),
    st.integers(2, 9),
    st.integers(50, 5000),
    st.integers(1, 40),
    st.sampled_from([0, 3, 5, 10]),
)


@given(sizes, st.sampled_from([0.9, 0.95]))
@settings(deadline=None, max_examples=30)
def test_more_seeds_and_rows_tell_less_and_more_comparisons_need_more(size, confidence):
    def smallest(**changes: int) -> float:
        return smallest_difference(USUAL, Size(**{**vars(size), **changes}), confidence)

    now = smallest()
    assert smallest(seeds=size.seeds + 1) < now
    assert smallest(rows=2 * size.rows) < now
    assert smallest(comparisons=size.comparisons + 5) > now


@pytest.mark.parametrize("rows", [115, 2764])
def test_usual_noise_is_that_of_simulated_studies(rows):
    found = [noise_of(study.scored, 0) for study in simulate(Design(8, 3, rows=rows), 12, 40, seed=4)]
    means = np.mean([[one.of_runs(rows), one.own**2, one.texts**2] for one in found], axis=0)
    assert means == pytest.approx([USUAL.of_runs(rows), USUAL.own**2, USUAL.texts**2], rel=0.25)


def test_runs_that_do_not_differ_can_tell_everything():
    assert smallest_difference(Noise(0, 0, 0), Size(4, 3, 100, 3), 0.95) == 0
    assert smallest_difference(FoldNoise(0), Size(4, 1, 100, 3, folds=5), 0.95) == 0


@pytest.mark.parametrize("noise", [USUAL, FoldNoise(0.02)])
def test_noise_comes_back_from_a_record(noise):
    assert noise_from(vars(noise)) == noise
