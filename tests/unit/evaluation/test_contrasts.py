"""Contrasts: nothing where there is nothing, something where there is, and like with like."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.evaluation.contrasts import Scored, contrast, holm, judge, matched_contrast, repeat_variance
from emotion_grid.evaluation.resampling import resampled_macro_f1
from emotion_grid.evaluation.results import VaryingAxis


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


def scored(random: np.random.Generator, effect: float, seeds: int = 3, texts: int = 150) -> Scored:
    """Two settings whose true difference is `effect`; every run has its own luck, as another seed would have."""
    gold = random.random((texts, 3)) < 0.4
    shared = random.normal(size=gold.shape)
    rows, scores = [], []
    for setting in (0, 1):
        for seed in range(seeds):
            signal = 1 + effect * setting + 0.1 * random.normal()
            logits = signal * (2 * gold - 1) + shared + 0.5 * random.normal(size=gold.shape)
            rows.append({"kind": "run", "setting": setting, "fold": "", "seed": seed})
            scores.append(resampled_macro_f1(gold, logits > 0, 150))
    table = pd.DataFrame(rows)
    return Scored(table, np.array(scores), *repeat_variance(table, np.array([row[0] for row in scores])))


def share_of_findings(effect: float) -> float:
    random, found = np.random.default_rng(1), []
    for _ in range(200):
        data = scored(random, effect)
        first = (data.rows["setting"] == 0).to_numpy()
        found.append(judge(data, contrast(data.rows, first, ~first), 0.95)["p"] < 0.05)
    return float(np.mean(found))


def test_of_settings_that_do_not_differ_few_are_found_to():
    assert share_of_findings(0.0) < 0.08


def test_of_settings_that_differ_most_are_found_to():
    assert share_of_findings(0.8) > 0.8


def test_equal_predictions_are_no_evidence_of_a_difference():
    data = scored(np.random.default_rng(0), 0.0)
    same = Scored(data.rows, np.repeat(data.scores[:1], len(data.rows), axis=0), None, 0)
    first = (data.rows["setting"] == 0).to_numpy()
    found = judge(same, contrast(data.rows, first, ~first), 0.95)
    assert found["difference"] == pytest.approx(0) and found["p"] == 1
    assert np.isnan(found["error_repeats"]), "no setting was repeated: what a seed changes is unknown, and not zero"


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
    axis = VaryingAxis("head_type", [], ["mlp", "attention"])
    weights, pairs, free = matched_contrast(rows, axis, "mlp", "attention", ["head_size", "freeze"])
    assert weights.tolist() == [0.5, 0.5, -1, 0, 0] and pairs == 1
    assert free == ["head_size"], "no size is common to both kinds: said, and averaged over"
    size = VaryingAxis("head_size", [], ["1x", "2x"])
    weights, pairs, free = matched_contrast(rows, size, "1x", "2x", ["head_type", "freeze"])
    assert weights.tolist() == [1, -1, 0, 0, 0] and (pairs, free) == (1, [])
    freeze = VaryingAxis("freeze", [], ["half", "all"])
    assert matched_contrast(rows, freeze, "half", "all", ["head_type", "head_size"])[1] == 1, "all else differs"
