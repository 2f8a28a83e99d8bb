"""Intervals of scores, against SciPy, by hand, and by simulation; `make check-verdicts` is the long form of the last."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import binomtest, norm

from emotion_grid.data.scores import macro_f1
from emotion_grid.evaluation.interval_check import SHARES, Case, cases, coverage, interval_table, true_scores
from emotion_grid.evaluation.intervals import f1_interval, mean_f1_interval, too_few, wilson
from emotion_grid.evaluation.simulation import predictions

COUNTS = st.integers(1, 300).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@given(COUNTS, st.sampled_from([0.8, 0.95, 0.99]))
def test_intervals_of_shares_are_wilsons(counts, confidence):
    low, high = wilson(*map(np.array, counts), confidence)
    expected = binomtest(*counts).proportion_ci(confidence, method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.integers(1, 100), st.integers(0, 100), st.integers(0, 100))
def test_f1_at_an_end_of_its_interval_is_just_not_rejected(hits, missed, wrong):
    """The ends by solving the score test for F1: the share of hits that F1 stands for lies z standard errors from the one found."""
    trials = hits + missed + wrong
    _, high = f1_interval(np.array([hits]), np.array([trials]), 0.95)

    def rejected(value: float) -> float:
        share = value / (2 - value)
        return share - hits / trials - norm.ppf(0.975) * math.sqrt(share * (1 - share) / trials)

    found = 2 * hits / (2 * hits + missed + wrong)
    if hits < trials:
        assert high[0] == pytest.approx(brentq(rejected, found, 1 - 1e-12), abs=1e-6)
    assert f1_interval(np.array([hits]), np.array([trials]), 0.95)[0][0] < found


def test_the_mean_of_one_label_has_this_labels_interval():
    random = np.random.default_rng(1)
    gold, predicted = random.random((80, 1)) < 0.4, random.random((80, 1)) < 0.4
    low, high = f1_interval((gold & predicted).sum(0), (gold | predicted).sum(0), 0.95)
    assert mean_f1_interval(gold, predicted, np.ones(1), 0.0, 0.95) == pytest.approx((low[0], high[0]))


def test_two_labels_that_are_always_alike_say_no_more_than_one_and_unrelated_ones_do():
    random = np.random.default_rng(2)
    gold, predicted = random.random((3000, 1)) < 0.4, random.random((3000, 1)) < 0.4
    one = mean_f1_interval(gold, predicted, np.ones(1), 0.0, 0.95)
    twice = mean_f1_interval(*(np.repeat(part, 2, axis=1) for part in (gold, predicted)), np.full(2, 0.5), 0.0, 0.95)
    assert twice == pytest.approx(one)
    rows = random.permutation(3000)
    apart = mean_f1_interval(*(np.hstack([part, part[rows]]) for part in (gold, predicted)), np.full(2, 0.5), 0.0, 0.95)
    assert apart[1] - apart[0] == pytest.approx((one[1] - one[0]) / math.sqrt(2), rel=0.05)


def test_labels_that_cancel_out_leave_an_interval():
    """Fault: the square root of a sum that rounding has left below zero is no number."""
    gold = np.zeros((40, 2), dtype=bool)
    gold[:20, 0], gold[20:, 1] = True, True
    for seed in range(200):
        given_ = np.random.default_rng(seed).random((40, 1)) < 0.5
        low, high = mean_f1_interval(gold, np.hstack([given_, given_]), np.full(2, 0.5), 0.0, 0.95)
        assert 0 <= low <= high <= 1


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 6), st.floats(-0.2, 0.2))
def test_a_mean_lies_in_its_interval_whatever_the_bias(seed, texts, labels, bias):
    random = np.random.default_rng(seed)
    gold, predicted = (random.random((texts, labels)) < random.random() for _ in range(2))
    low, high = mean_f1_interval(gold, predicted, np.full(labels, 1 / labels), bias, 0.95)
    assert 0 <= low <= macro_f1(gold, predicted) + 1e-12 and macro_f1(gold, predicted) - 1e-12 <= high <= 1


def test_too_few_says_how_many_of_what():
    assert too_few(3, "positives") == "3 positives: too few for an interval"
    assert too_few(3.5, "positives of a label") == "3.5 positives of a label: too few for an interval"
    assert too_few(4, "positives") == ""


@pytest.mark.parametrize("labels", ["3 to 8 %", "2 to 30 %"])
def test_rare_labels_of_few_texts_are_covered_where_percentiles_are_not(labels):
    """Fault: 95 % intervals of macro-F1 held the truth 0.86 of the time."""
    found = coverage(Case(labels, 115, 0.7), 300, 100, seed=4)
    error = math.sqrt(0.95 * 0.05 / 300)
    assert found.given > 0.9 and found.macro_f1 > 0.93 - 2 * error and found.labels > 0.93
    assert found.percentiles < 0.92


def test_true_scores_are_those_of_many_texts():
    shares = SHARES["2 to 30 %"]
    gold = np.random.default_rng(0).random((100_000, 5)) < shares
    predicted = predictions(np.array([0.7]), np.array([0]), gold, shares, np.random.default_rng(1))[0]
    assert true_scores(0.7, shares).mean() == pytest.approx(0.7, abs=1e-3)
    by_label = [macro_f1(gold[:, [place]], predicted[:, [place]]) for place in range(5)]
    assert by_label == pytest.approx(true_scores(0.7, shares), abs=0.02)


def test_the_table_of_intervals_names_every_case_once():
    assert len(set(cases())) == len(cases())
    chosen = [Case("2 %", 115, 0.9)]
    lines = interval_table(chosen, [coverage(chosen[0], 3, 20, seed=1)]).splitlines()
    assert len(lines) == 3 and lines[2].startswith("| 2 % | 115 | 0.9 | 0.000 | none | none |")
