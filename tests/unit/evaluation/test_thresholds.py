"""Thresholds against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.evaluation.resampling import resamples
from emotion_grid.evaluation.thresholds import CANDIDATES, Labelled, threshold_text, thresholds_from, tune_threshold
from testing.hand_made import GOLD4
from testing.strategies import random_case

MODES = ["bagged", "shrunk", "global", "per_label", "fixed"]


def labelled(probabilities, gold) -> Labelled:
    """Predictions of a single run."""
    return Labelled(np.array([f"t{number}" for number in range(len(gold))], dtype=str), probabilities, gold)


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
    found = tune_threshold(labelled(probabilities, gold), "global")
    assert len(set(found.tolist())) == 1
    best, distance = nearest_of_the_best(lambda threshold: macro_at(probabilities, gold, threshold))
    assert macro_at(probabilities, gold, found[0]) == pytest.approx(best)
    assert abs(found[0] - 0.5) == pytest.approx(distance)


@given(CASES_TO_TUNE)
def test_a_threshold_for_each_label_is_the_best_by_brute_force(case):
    probabilities, gold, _ = case
    found = tune_threshold(labelled(probabilities, gold), "per_label")
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
    assert tune_threshold(labelled(probabilities, GOLD4), mode).tolist() == [expected] * 2


@pytest.mark.parametrize("mode", MODES)
def test_threshold_is_a_half_where_nothing_can_be_learned(mode):
    assert tune_threshold(labelled(np.zeros((0, 2)), np.zeros((0, 2))), mode).tolist() == [0.5, 0.5]
    assert tune_threshold(labelled(np.full((4, 2), 0.3), np.zeros((4, 2))), mode).tolist() == [0.5, 0.5]
    assert tune_threshold(labelled(np.full((4, 2), 0.3), GOLD4), "fixed").tolist() == [0.5, 0.5]


def test_candidates_reach_from_0_05_to_0_95():
    assert (CANDIDATES[0], CANDIDATES[-1], len(CANDIDATES)) == (0.05, 0.95, 91)


def of_runs(seed: int, texts: int, runs: int) -> Labelled:
    """Predictions of several runs for the same texts; the last of three labels is rare, so that resamples lack it."""
    random = np.random.default_rng(seed)
    gold = (random.random((texts, 3)) < [0.5, 0.3, 1 / texts]).astype(float)
    probabilities = [np.clip(0.3 * gold + 0.6 * random.random(gold.shape), 0, 1).round(2) for _ in range(runs)]
    ids = [f"t{number}" for number in range(texts)]
    return Labelled(np.array(ids * runs), np.concatenate(probabilities), np.concatenate([gold] * runs))


SEVERAL = st.builds(of_runs, st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(1, 3))


def drawn(predictions: Labelled, counts) -> Labelled:
    """A resample written out: each text as often as it was drawn, with the rows of all runs."""
    times = dict(zip(sorted(set(predictions.ids)), counts.astype(int), strict=True))
    rows = [row for row, key in enumerate(predictions.ids) for _ in range(times[key])]
    return Labelled(predictions.ids[rows], predictions.probabilities[rows], predictions.gold[rows])


@given(SEVERAL)
def test_bagged_is_the_mean_of_the_thresholds_of_twenty_resamples_of_the_texts(predictions):
    """Fault: the rows of a run are drawn instead of the texts, so that a text counts as several."""
    texts = len(set(predictions.ids))
    each = [tune_threshold(drawn(predictions, counts), "global")[0] for counts in resamples(texts, 20)]
    assert tune_threshold(predictions, "bagged") == pytest.approx(np.mean(each), abs=6e-5)


@given(SEVERAL)
def test_shrunk_is_halfway_between_a_labels_own_thresholds_and_the_bagged_one(predictions):
    """Fault: a label that a resample lacks pulls its threshold to 0.5."""
    texts, own = len(set(predictions.ids)), []
    for counts in resamples(texts, 20):
        sample = drawn(predictions, counts)
        of_all = tune_threshold(sample, "global")
        own.append(np.where(sample.gold.any(0), tune_threshold(sample, "per_label"), of_all))
    expected = (np.mean(own, axis=0) + tune_threshold(predictions, "bagged")) / 2
    assert tune_threshold(predictions, "shrunk") == pytest.approx(expected, abs=2e-4)


@given(SEVERAL, st.sampled_from(MODES), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_and_thresholds_stay_among_the_candidates(predictions, mode, random):
    found = tune_threshold(predictions, mode)
    assert ((found >= CANDIDATES[0]) & (found <= CANDIDATES[-1])).all()
    order = list(range(len(predictions)))
    random.shuffle(order)
    shuffled = Labelled(predictions.ids[order], predictions.probabilities[order], predictions.gold[order])
    assert tune_threshold(shuffled, mode).tolist() == found.tolist()


@given(SEVERAL, st.sampled_from(MODES))
def test_runs_that_agree_count_as_one(predictions, mode):
    twice = Labelled(*(np.concatenate([part, part]) for part in vars(predictions).values()))
    assert tune_threshold(twice, mode).tolist() == tune_threshold(predictions, mode).tolist()


@given(SEVERAL, st.sampled_from(MODES))
def test_the_cell_of_a_table_holds_all_digits(predictions, mode):
    """Fault: a label is given or not, depending on whether the threshold was read from summary.csv."""
    found = tune_threshold(predictions, mode)
    assert thresholds_from(threshold_text(found.tolist()), ["a", "b", "c"]).tolist() == found.tolist()


@given(st.integers(0, 2**32 - 1), st.integers(2, 25), st.integers(2, 3))
def test_unknown_labels_do_not_count(seed, rows, labels):
    """Fault: unknown cells as negatives, which push thresholds up."""
    probabilities, gold, _ = random_case(seed, rows, labels, digits=1, unknown=0.4)
    known = ~np.isnan(gold)
    single = tune_threshold(labelled(probabilities, gold), "per_label")
    for column, rows in enumerate(known.T):
        alone = tune_threshold(labelled(probabilities[rows, column, None], gold[rows, column, None]), "per_label")
        assert single[column] == alone[0]
    parts = [(probabilities[rows, label], gold[rows, label]) for label, rows in enumerate(known.T)]
    found = tune_threshold(labelled(probabilities, gold), "global")[0]
    best, distance = nearest_of_the_best(lambda threshold: sum(binary_at(*part, threshold) for part in parts))
    assert sum(binary_at(*part, found) for part in parts) == pytest.approx(best)
    assert abs(found - 0.5) == pytest.approx(distance)
