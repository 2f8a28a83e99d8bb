"""Contrasts: nothing where there is nothing, something where there is, and like with like."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from emotion_grid.evaluation.contrasts import (
    HIGHER,
    SAME,
    UNTESTED,
    Scored,
    contrast,
    contrasts_with,
    holm,
    judge_family,
    matched_contrast,
)
from emotion_grid.evaluation.foresight import seeds_to_test
from emotion_grid.evaluation.results import VaryingAxis

TEXTS = 100


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_the_step_down_rule(values):
    p, corrected = np.array(values), holm(np.array(values))
    for alpha in (0.01, 0.05, 0.3):
        rejected = np.zeros(len(p), dtype=bool)
        for place, index in enumerate(np.argsort(p)):
            if p[index] * (len(p) - place) > alpha:
                break
            rejected[index] = True
        assert list(corrected <= alpha) == list(rejected)


def runs_of(scores: dict[int, list[float]], fold: bool = False) -> Scored:
    """Runs with these scores, by setting; the texts change nothing. With `fold`, a setting's runs lie in folds of their own."""
    rows = [
        {"kind": "run", "setting": setting, "fold": str(place) if fold else "", "score": score}
        for setting, found in scores.items()
        for place, score in enumerate(found)
    ]
    table = pd.DataFrame(rows)
    return Scored(table, np.repeat(table["score"].to_numpy()[:, None], 9, axis=1), TEXTS)


def judged(data: Scored, setting: int = 0) -> list[dict]:
    return judge_family(data, list(contrasts_with(data.rows, setting).values()), 0.95)


def test_with_equal_noise_and_texts_that_change_nothing_it_is_welch_s_test():
    first, second = [0.70, 0.72, 0.74, 0.71], [0.65, 0.67, 0.69, 0.66]
    (row,) = judged(runs_of({0: first, 1: second}))
    expected = stats.ttest_ind(first, second, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert row["p"] == pytest.approx(expected.pvalue)
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))
    assert row["freedom"] == pytest.approx(expected.df)


def test_a_noisy_setting_keeps_its_own_variance_and_quiet_ones_get_the_pooled():
    noisy, quiet, calm = [0.60, 0.70, 0.80, 0.74], [0.700, 0.701, 0.702, 0.705], [0.650, 0.652, 0.653, 0.651]
    row, _ = judged(runs_of({0: noisy, 1: quiet, 2: calm}))
    pooled = np.mean([np.var(found, ddof=1) for found in (noisy, quiet, calm)])
    parts = np.var(noisy, ddof=1) / 4, pooled / 4
    assert row["error"] == pytest.approx(math.sqrt(sum(parts)))
    assert row["freedom"] == pytest.approx(9), "those of the pooled variance"


def test_what_texts_change_is_counted_once():
    """Against loops: covariances between resamples of different runs are the texts' part, the spread of seeds is the rest."""
    random = np.random.default_rng(3)
    rows = pd.DataFrame({"kind": "run", "setting": [0] * 3 + [1] * 4, "fold": ""})
    shared, own = random.normal(size=(2, 60)), random.normal(size=(7, 60))
    data = Scored(rows, 0.7 + 0.02 * shared[rows["setting"]] + 0.01 * own, TEXTS)
    (row,) = judged(data)
    covariance, texts = np.cov(data.scores[:, 1:]), 0.0
    for one in range(7):
        for other in range(7):
            counts = [3 if run < 3 else 4 for run in (one, other)]
            if (one < 3) != (other < 3):
                texts -= covariance[one, other] / math.prod(counts)
            elif one != other:
                texts += covariance[one, other] / (counts[0] * (counts[0] - 1))
    assert row["error_texts"] ** 2 == pytest.approx(texts)
    assert row["error"] ** 2 == pytest.approx(row["error_texts"] ** 2 + row["error_repeats"] ** 2)


def test_folds_are_compared_one_by_one_with_nadeau_and_bengio_s_factor():
    first, second = [0.70, 0.75, 0.72, 0.68, 0.71], [0.66, 0.69, 0.70, 0.65, 0.69]
    (row,) = judged(runs_of({0: first, 1: second}, fold=True))
    plain = stats.ttest_rel(first, second)
    statistic = plain.statistic * math.sqrt(1 / 5) / math.sqrt(1 / 5 + 1 / 4)
    assert row["p"] == pytest.approx(2 * stats.t.sf(statistic, 4))
    assert math.isnan(row["error_texts"]), "each fold has other texts: their part is in the spread of the folds"


def test_seeds_of_a_fold_are_one_observation():
    rows = pd.DataFrame(
        [
            {"kind": "run", "setting": setting, "fold": str(fold), "seed": seed}
            for setting in (0, 1)
            for fold in range(5)
            for seed in range(3)
        ]
    )
    scores = np.random.default_rng(0).random(len(rows))
    (row,) = judged(Scored(rows, np.repeat(scores[:, None], 4, axis=1), TEXTS))
    means = scores.reshape(2, 5, 3).mean(2)
    (same,) = judged(runs_of({0: list(means[0]), 1: list(means[1])}, fold=True))
    assert row["p"] == pytest.approx(same["p"]) and row["freedom"] == 4


def test_variance_of_folds_is_pooled_where_it_is_larger():
    table = np.random.default_rng(5).normal(0.7, 0.02, size=(4, 5))
    table[1] = table[0] - 0.01 + np.linspace(-0.001, 0.001, 5)
    row = judged(runs_of(dict(enumerate(table.tolist())), fold=True))[0]
    rest = table - table.mean(1, keepdims=True) - table.mean(0) + table.mean()
    pooled = (rest**2).sum() / (3 * 4)
    assert np.var(table[0] - table[1], ddof=1) < 2 * pooled, "its own variance is too small to be believed"
    assert row["error"] == pytest.approx(math.sqrt(2 * pooled * (1 / 5 + 1 / 4))) and row["freedom"] == 12


def test_without_repetitions_nothing_is_tested():
    once, twice = [0.7], [0.7, 0.71]
    assert {row["verdict"] for row in judged(runs_of({0: once, 1: [0.1], 2: [0.2]}))} == {UNTESTED}
    (few,) = judged(runs_of({0: twice, 1: twice}))
    assert few["verdict"] == UNTESTED and math.isnan(few["p"]) and few["difference"] == 0
    rows = judged(runs_of({0: [0.70, 0.71, 0.72], 1: [0.1], 2: [0.60, 0.61, 0.62]}))
    assert [row["verdict"] for row in rows] == [UNTESTED, HIGHER], "the second setting was run once"
    assert rows[1]["p_corrected"] == rows[1]["p"], "what is not tested is not corrected for"


@pytest.mark.parametrize("settings", range(1, 8))
def test_as_many_seeds_as_are_asked_for_are_tested_and_one_less_is_not(settings):
    random = np.random.default_rng(1)

    def verdict(seeds: int) -> str:
        data = runs_of({number: list(random.normal(0.7, 0.003, seeds)) for number in range(settings)})
        baseline = pd.DataFrame([{"kind": "baseline", "setting": settings, "fold": "", "score": 0.4}])
        rows = pd.concat([data.rows, baseline], ignore_index=True)
        return judged(Scored(rows, np.repeat(rows["score"].to_numpy()[:, None], 9, axis=1), TEXTS))[-1]["verdict"]

    assert verdict(seeds_to_test(settings)) == HIGHER, "a baseline needs no seeds"
    assert verdict(seeds_to_test(settings) - 1) == UNTESTED


def test_equal_predictions_are_no_evidence_of_a_difference():
    (row,) = judged(runs_of({0: [0.7, 0.7, 0.7], 1: [0.7, 0.7, 0.7]}))
    assert (row["difference"], row["p"], row["verdict"]) == (pytest.approx(0), 1, SAME)


def test_only_folds_that_both_have_are_compared():
    rows = pd.DataFrame({"fold": ["1", "2", "1", "3"], "kind": "run"})
    weights = contrast(rows, np.array([True, True, False, False]), np.array([False, False, True, True]))
    assert weights.tolist() == [1, 0, -1, 0]
    assert contrast(rows, np.array([False, True, False, False]), np.array([False, False, True, False])) is None


def test_levels_are_compared_within_what_else_is_the_same():
    rows = pd.DataFrame(
        [
            ("mlp", "1x", "0"),
            ("mlp", "2x", "0"),
            ("attention", "128", "0"),
            ("mlp", "1x", "half"),
            ("attention", "128", "all"),
        ],
        columns=["head_type", "head_size", "freeze"],
    ).assign(kind="run", fold="")
    axis, every = VaryingAxis("head_type", [], ["mlp", "attention"]), np.ones(5, dtype=bool)
    weights, pairs, free = matched_contrast(rows, axis, "mlp", "attention", ["head_size", "freeze"], every)
    assert weights.tolist() == [0.5, 0.5, -1, 0, 0] and pairs == 1
    assert free == ["head_size"], "no size is common to both kinds: said, and averaged over"
    size = VaryingAxis("head_size", [], ["1x", "2x"])
    weights, pairs, free = matched_contrast(rows, size, "1x", "2x", ["head_type", "freeze"], every)
    assert weights.tolist() == [1, -1, 0, 0, 0] and (pairs, free) == (1, [])
    freeze = VaryingAxis("freeze", [], ["half", "all"])
    assert matched_contrast(rows, freeze, "half", "all", ["head_type", "head_size"], every)[1] == 1, "all else differs"
