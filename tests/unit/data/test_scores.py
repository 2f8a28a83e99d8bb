"""F1 as training uses it, against scikit-learn."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn import metrics as reference
from sklearn.metrics import f1_score

from emotion_grid.data.scores import f1, macro_f1
from testing.strategies import random_case


def test_score_for_training_is_the_same_one():
    probabilities, gold, _ = random_case(9, 80, 3)
    expected = reference.f1_score(gold, probabilities >= 0.5, average="macro", zero_division=0)
    assert macro_f1(gold, probabilities >= 0.5) == pytest.approx(expected)
    assert f1(np.array([0, 2]), np.array([0, 3]), np.array([0, 5])).tolist() == [0, 0.5]


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 5))
def test_macro_f1_counts_known_cells_alone(seed, rows, labels):
    """Fault: unknown cells as negatives, or a label that no row is annotated for as an F1 of 0."""
    probabilities, gold, _ = random_case(seed, rows, labels, unknown=0.4)
    known = ~np.isnan(gold)
    expected = [
        f1_score(gold[rows, label], probabilities[rows, label] >= 0.5, zero_division=0)
        for label, rows in enumerate(known.T)
        if rows.any()
    ]
    if expected:
        assert macro_f1(gold, probabilities >= 0.5) == pytest.approx(np.mean(expected))


@settings(max_examples=150)
@given(arrays.arrays(bool, st.tuples(st.just(2), st.integers(1, 12), st.integers(2, 6)), fill=st.nothing()))
@example(np.array([[[1, 0], [0, 0]], [[1, 0], [0, 0]]], dtype=bool))  # a label that neither has
@example(np.array([[[1, 0], [0, 0]], [[1, 1], [0, 0]]], dtype=bool))  # a label that only the prediction has
def test_macro_f1_is_scikit_learn_s(tables):
    """Fault: micro for macro, or a label without positives left out of the mean."""
    gold, given_ = tables
    expected = f1_score(gold.astype(int), given_.astype(int), average="macro", zero_division=0)
    assert macro_f1(gold, given_) == pytest.approx(expected, abs=1e-12)
    assert macro_f1(gold.astype(int), given_) == macro_f1(gold, given_)
    one = f1_score(gold[:, 0].astype(int), given_[:, 0].astype(int), zero_division=0)
    assert macro_f1(gold[:, :1], given_[:, :1]) == pytest.approx(one, abs=1e-12)
