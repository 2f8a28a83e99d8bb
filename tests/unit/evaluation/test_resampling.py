"""Resampling of the texts."""

import numpy as np
import pytest

from emotion_grid.data.scores import macro_f1
from emotion_grid.evaluation.resampling import resampled_macro_f1, resamples
from testing.strategies import random_case


def test_every_run_is_resampled_alike():
    weights = resamples(50, 30)
    assert weights.shape == (30, 50)
    assert set(weights.sum(axis=1).tolist()) == {50}
    assert len({tuple(row) for row in weights.tolist()}) == 30
    resamples.cache_clear()
    assert (resamples(50, 30) == weights).all()


def test_rows_and_labels_of_which_nothing_is_known_are_left_out():
    """Fault: a label that dev is not annotated for is an F1 of 0 in every resample."""
    probabilities, gold, _ = random_case(3, 40, 3)
    more = np.full((50, 4), np.nan)
    more[5:45, [0, 1, 3]] = gold
    given = np.ones((50, 4), dtype=bool)
    given[5:45, [0, 1, 3]] = probabilities >= 0.5
    assert (resampled_macro_f1(more, given, 30) == resampled_macro_f1(gold, probabilities >= 0.5, 30)).all()


def test_resamples_weigh_known_cells_alone():
    probabilities, gold, _ = random_case(4, 30, 2, unknown=0.3)
    gold[np.isnan(gold).all(1), 0] = 1
    found = resampled_macro_f1(gold, probabilities >= 0.5, 3)
    for weights, score in zip([np.ones(30), *resamples(30, 3)], found, strict=True):
        rows = np.repeat(np.arange(30), weights.astype(int))
        assert score == pytest.approx(macro_f1(gold[rows], probabilities[rows] >= 0.5))
