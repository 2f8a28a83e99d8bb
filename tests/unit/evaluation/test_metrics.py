"""Metrics and their intervals, against scikit-learn and by hand."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from emotion_grid.evaluation.metrics import score
from testing.hand_made import GOLD4
from testing.strategies import random_case


def scores(probabilities, gold, thresholds, bootstrap=20, confidence=0.95) -> dict[tuple[str, str], dict]:
    labels = [f"l{column}" for column in range(gold.shape[1])]
    rows = score(probabilities, gold, np.asarray(thresholds), labels, bootstrap, confidence)
    return {(row["metric"], row["label"]): row for row in rows}


CASES = st.builds(random_case, st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 5))


# --- single metrics


@given(CASES)
def test_metrics_are_those_of_scikit_learn(case):
    probabilities, gold, thresholds = case
    given_, truth = (probabilities >= thresholds).astype(int), gold.astype(int)
    found = scores(*case)
    expected = {
        f"{kind}_f1": reference.f1_score(truth, given_, average=kind, zero_division=0)
        for kind in ("macro", "micro", "weighted")
    }
    if gold.shape[1] == 1:  # scikit-learn takes one column for two classes
        expected = dict.fromkeys(expected, reference.f1_score(truth[:, 0], given_[:, 0], zero_division=0))
        if not truth.any():
            expected["weighted_f1"] = 0
    expected["subset_accuracy"] = reference.accuracy_score(truth, given_)
    expected["hamming_loss"] = reference.hamming_loss(truth, given_)
    for name, value in expected.items():
        assert found[name, ""]["value"] == pytest.approx(value, abs=1e-6), name


@given(CASES)
def test_metrics_of_a_label_are_those_of_scikit_learn(case):
    probabilities, gold, thresholds = case
    found = scores(*case)
    for column in range(gold.shape[1]):
        truth, given_ = gold[:, column], probabilities[:, column] >= thresholds[column]
        precision, recall, f_score, _ = reference.precision_recall_fscore_support(
            truth, given_, average="binary", zero_division=0
        )
        for name, value in {"precision": precision, "recall": recall, "f1": f_score}.items():
            assert found[name, f"l{column}"]["value"] == pytest.approx(value, abs=1e-6), name


@given(CASES)
def test_jaccard_is_that_of_scikit_learn_where_anything_is_gold_or_given(case):
    probabilities, gold, thresholds = case
    truth, given_ = gold.astype(int), (probabilities >= thresholds).astype(int)
    some = (truth | given_).any(axis=1)
    right = sum(
        reference.jaccard_score(one, other, average="binary")
        for one, other in zip(truth[some], given_[some], strict=True)
    )
    # nothing is gold and nothing given: all right
    assert scores(*case)["jaccard", ""]["value"] == pytest.approx((right + (~some).sum()) / len(gold), abs=1e-6)


def test_jaccard_of_samples():
    probabilities, gold, _ = random_case(5, 200, 4)
    some = ((gold > 0) | (probabilities >= 0.5)).any(axis=1)
    found = scores(probabilities[some], gold[some], [0.5] * 4)["jaccard", ""]["value"]
    assert found == pytest.approx(
        reference.jaccard_score(gold[some], probabilities[some] >= 0.5, average="samples"), abs=1e-6
    )


def area(probabilities: np.ndarray, gold: np.ndarray) -> float:
    """Average precision by its definition: precision at each distinct probability times the recall gained there."""
    total, before = 0.0, 0.0
    for threshold in sorted(set(probabilities.tolist()), reverse=True):
        given_ = probabilities >= threshold
        recall = gold[given_].sum() / gold.sum()
        total += (recall - before) * gold[given_].sum() / given_.sum()
        before = recall
    return total


@given(CASES)
def test_average_precision_is_by_its_definition_and_leaves_labels_without_positives_out(case):
    probabilities, gold, _ = case
    found = scores(*case)
    expected = {}
    for column in range(gold.shape[1]):
        if gold[:, column].any():
            expected[f"l{column}"] = area(probabilities[:, column], gold[:, column])
    if expected:
        expected[""] = sum(expected.values()) / len(expected)
    assert {label for name, label in found if name == "average_precision"} == set(expected)
    for label, value in expected.items():
        assert found["average_precision", label]["value"] == pytest.approx(value, abs=1e-9)
        assert found["average_precision", label]["low"] is None


def test_metrics_by_hand():
    given_ = np.array([[1, 0], [0, 1], [0, 1], [0, 0]]) * 0.9  # the third row misses joy
    found = scores(given_, GOLD4, [0.5, 0.5])
    by_hand = {
        "macro_f1": (2 / 3 + 1) / 2,
        "micro_f1": 6 / 7,
        "weighted_f1": (2 * 2 / 3 + 2 * 1) / 4,
        "subset_accuracy": 3 / 4,
        "hamming_loss": 1 / 8,
        "jaccard": (1 + 1 + 0.5 + 1) / 4,
    }
    assert {name: found[name, ""]["value"] for name in by_hand} == pytest.approx(by_hand)
    assert [found[name, "l0"]["value"] for name in ("precision", "recall", "f1")] == pytest.approx([1, 0.5, 2 / 3])


def test_label_is_given_from_its_threshold_on():
    gold = np.ones((1, 1))
    assert scores(np.array([[0.5]]), gold, [0.5])["macro_f1", ""]["value"] == 1
    assert scores(np.array([[0.4999]]), gold, [0.5])["macro_f1", ""]["value"] == 0


# --- intervals


@pytest.mark.parametrize("seed", range(4))
def test_interval_holds_the_value_and_shrinks_with_more_rows(seed):
    few, many = random_case(seed, 150, 4), random_case(seed, 4000, 4)
    for case, others in ((few, None), (many, few)):
        found = scores(*case[:2], [0.5] * 4, bootstrap=300)
        for name in ("macro_f1", "micro_f1", "weighted_f1", "subset_accuracy", "hamming_loss", "jaccard"):
            row = found[name, ""]
            assert row["low"] <= row["value"] <= row["high"], name
            assert row["low"] < row["high"]
            if others:
                wide = scores(*others[:2], [0.5] * 4, bootstrap=300)[name, ""]
                assert row["high"] - row["low"] < 0.5 * (wide["high"] - wide["low"])


def test_interval_of_a_share_is_as_wide_as_its_standard_error_says():
    random = np.random.default_rng(0)
    gold = (random.random((2000, 1)) < 0.5).astype(float)
    wrong = random.random((2000, 1)) < 0.3
    row = scores(np.where(wrong, 1 - gold, gold), gold, [0.5], bootstrap=2000)["subset_accuracy", ""]
    error = math.sqrt(row["value"] * (1 - row["value"]) / 2000)
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert (row["high"] + row["low"]) / 2 == pytest.approx(row["value"], abs=0.2 * error)
    narrow = scores(np.where(wrong, 1 - gold, gold), gold, [0.5], bootstrap=2000, confidence=0.8)["subset_accuracy", ""]
    assert narrow["high"] - narrow["low"] == pytest.approx(2 * 1.2816 * error, rel=0.1)


def test_all_right_is_no_certainty():
    """Fault: percentiles of a bootstrap of texts that are all right go from 1 to 1."""
    gold = np.resize(GOLD4, (40, 2)).astype(float)
    for (metric, _), row in scores(gold, gold, [0.5, 0.5]).items():
        assert metric == "average_precision" or row["low"] is None or row["low"] < 1, metric
        assert (
            metric not in ("macro_f1", "f1", "precision", "recall", "subset_accuracy") or row["low"] < row["high"] == 1
        )


def test_what_fewer_than_four_texts_decide_has_no_interval():
    gold = np.zeros((50, 2))
    gold[:4, 0], gold[:3, 1] = 1, 1
    found = scores(gold, gold, [0.5, 0.5])
    assert [found["f1", label]["low"] is None for label in ("l0", "l1")] == [False, True]
    assert [found["recall", label]["low"] is None for label in ("l0", "l1")] == [False, True]
    assert found["macro_f1", ""]["low"] is None, "3.5 positives of a label"
    gold[3, 1] = 1
    assert scores(gold, gold, [0.5, 0.5])["macro_f1", ""]["low"] is not None


# --- labels that are not annotated

PARTLY = st.builds(
    partial(random_case, unknown=0.4), st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(1, 5)
).filter(lambda case: not np.isnan(case[1]).all())


@given(PARTLY)
def test_each_label_is_scored_on_its_known_rows(case):
    """Fault: unknown cells as negatives; a label that no row is annotated for in the mean."""
    probabilities, gold, thresholds = case
    found, of_labels, known = scores(*case), {}, ~np.isnan(gold)
    for column, rows in enumerate(known.T):
        own = {name: row for (name, label), row in found.items() if label == f"l{column}"}
        if not rows.any():
            assert not own
            continue
        alone = scores(probabilities[rows, column, None], gold[rows, column, None], thresholds[[column]])
        alone = {name: {**row, "label": f"l{column}"} for (name, label), row in alone.items() if label == "l0"}
        assert own == alone
        of_labels[column] = own["f1"]["value"]
    positives = (gold == 1).sum(0)
    weighted = sum(value * positives[column] for column, value in of_labels.items()) / max(positives.sum(), 1)
    assert found["macro_f1", ""]["value"] == pytest.approx(np.mean(list(of_labels.values())), abs=1e-6)
    assert found["weighted_f1", ""]["value"] == pytest.approx(weighted, abs=1e-6)
    truth, given_ = gold[known], (probabilities >= thresholds)[known]
    assert found["micro_f1", ""]["value"] == pytest.approx(reference.f1_score(truth, given_, zero_division=0), abs=1e-6)


@given(PARTLY)
def test_a_row_is_scored_on_its_known_labels(case):
    probabilities, gold, thresholds = case
    right, wrong, jaccard = [], [], []
    for row, given_ in zip(gold.tolist(), (probabilities >= thresholds).tolist(), strict=True):
        pairs = [(one == 1, other) for one, other in zip(row, given_, strict=True) if one in (0, 1)]
        if pairs:
            either = sum(one or other for one, other in pairs)
            right.append(all(one == other for one, other in pairs))
            wrong.append(sum(one != other for one, other in pairs) / len(pairs))
            jaccard.append(sum(one and other for one, other in pairs) / either if either else 1)
    found = scores(*case)
    for name, values in {"subset_accuracy": right, "hamming_loss": wrong, "jaccard": jaccard}.items():
        assert found[name, ""]["value"] == pytest.approx(np.mean(values), abs=1e-6), name


@given(PARTLY)
def test_what_is_predicted_where_nothing_is_known_changes_nothing(case):
    probabilities, gold, thresholds = case
    other = np.where(np.isnan(gold), 1 - probabilities, probabilities)
    assert scores(other, gold, thresholds) == scores(*case)


@given(CASES, st.data())
def test_a_cell_that_becomes_unknown_changes_the_scores_of_its_label_alone(case, data):
    probabilities, gold, thresholds = case
    row, column = (data.draw(st.integers(0, size - 1)) for size in gold.shape)
    fewer = gold.copy()
    fewer[row, column] = np.nan
    if np.isnan(fewer).all():
        return
    before, after = scores(*case), scores(probabilities, fewer, thresholds)
    others = {key for key in before if key[1] not in ("", f"l{column}")}
    assert {key: after[key] for key in others} == {key: before[key] for key in others}
    if len(gold) > 1:
        rest = np.delete(gold[:, [column]], row, 0), np.delete(probabilities[:, [column]], row, 0)
        alone = scores(rest[1], rest[0], thresholds[[column]])
        for name in ("f1", "precision", "recall"):
            assert after[name, f"l{column}"]["value"] == alone[name, "l0"]["value"], name
