"""Errors of a run, counted again the slow way."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score

from emotion_grid.evaluation.calibration import calibration, label_calibration_errors, threshold_curves
from emotion_grid.evaluation.mistakes import by_count, by_length, confusion, mistakes, together
from testing.strategies import LABELS, predicted


@given(st.integers(0, 10_000))
def test_confusion_and_thresholds_are_scikit_learns(seed):
    found = predicted(seed)
    for column, row in enumerate(confusion(found)):
        expected = confusion_matrix(found.gold[:, column], found.predicted[:, column], labels=[False, True])
        assert [[row["left_out"], row["wrong"]], [row["missed"], row["right"]]] == expected.tolist()
    half = {row["of"]: row["f1"] for row in threshold_curves(found) if row["threshold"] == 0.5}
    expected = f1_score(found.gold, found.probabilities >= 0.5, average=None, zero_division=0)
    assert [half[label] for label in LABELS] == pytest.approx(list(expected))
    assert half["macro-F1"] == pytest.approx(expected.mean())


@given(st.integers(0, 10_000))
def test_shares_of_labels_together_are_counted_over_their_texts(seed):
    found = predicted(seed)
    for row in together(found):
        matrix = found.gold if row["kind"] == "gold" else found.predicted
        first, second = (matrix[:, LABELS.index(row[name])] for name in ("label", "other"))
        assert row["texts"] == sum(first & second)
        assert row["share"] is None if not first.any() else row["share"] == pytest.approx(second[first].mean())


@given(st.integers(0, 10_000))
def test_the_most_confident_mistakes_are_mistakes_furthest_from_their_threshold_first(seed):
    found = predicted(seed)
    for kind, sign in (("missed", -1), ("wrong", 1)):
        rows = mistakes(found, kind)
        joy = [row["probability"] for row in rows if row["label"] == "joy"]
        assert joy == sorted(joy, reverse=sign > 0) and all((value - 0.6) * sign >= 0 for value in joy)
        assert all((row["label"] in row["gold"]) == (kind == "missed") for row in rows)
        assert all((row["label"] in row["predicted"]) == (kind == "wrong") for row in rows)


@given(st.integers(0, 10_000))
def test_groups_of_texts_hold_every_text_once(seed):
    found = predicted(seed)
    for rows in (by_length(found, 50, 0.95), by_count(found, 0.95)):
        assert sum(row["texts"] for row in rows) == 50
        assert all((row["low"] is None) == bool(row["caution"]) for row in rows)
        assert all(0 <= row["low"] <= row["value"] <= row["high"] <= 1 for row in rows if not row["caution"])
    assert all((row["texts"] < 4) == bool(row["caution"]) for row in by_count(found, 0.95))
    right = (found.gold == found.predicted).all(1).mean()
    assert sum(row["value"] * row["texts"] for row in by_count(found, 0.95)) == pytest.approx(50 * right, abs=1e-3)


@given(st.integers(0, 10_000))
def test_unknown_labels_are_neither_right_nor_wrong(seed):
    """Fault: what a run predicts of a label that a text is not annotated for counts among its mistakes."""
    found = predicted(seed, unknown=0.4)
    other = replace(found, probabilities=np.where(found.known, found.probabilities, 1 - found.probabilities))
    counts = {row["label"]: row for row in confusion(found)}
    for label, known in zip(LABELS, found.known.sum(0), strict=True):
        assert sum(counts[label][name] for name in ("right", "missed", "wrong", "left_out")) == known
    for kind in ("missed", "wrong"):
        assert all(row["label"] != "fear" for row in mistakes(found, kind))
        assert mistakes(found, kind) == mistakes(other, kind)
    assert {row["of"] for row in threshold_curves(found)} == {"macro-F1", *LABELS} - {"fear"}
    for count in (confusion, together, threshold_curves, calibration, label_calibration_errors):
        assert count(found) == count(other), count.__name__
    assert by_length(found, 20, 0.95) == by_length(other, 20, 0.95)
    assert by_count(found, 0.95) == by_count(other, 0.95)


@given(st.integers(0, 10_000))
def test_labels_together_are_counted_where_both_are_known(seed):
    found = predicted(seed, unknown=0.4)
    for row in together(found):
        matrix = found.gold if row["kind"] == "gold" else found.predicted
        (first, _), (second, known) = (
            (matrix[:, LABELS.index(row[name])], found.known[:, LABELS.index(row[name])]) for name in ("label", "other")
        )
        assert row["texts"] == sum(first & second)
        assert row["share"] is None if not (first & known).any() else row["share"] == second[first & known].mean()


@given(st.integers(0, 10_000))
def test_groups_are_scored_on_known_labels(seed):
    found = predicted(seed, unknown=0.4)
    right = [
        all(one == other for one, other, known in zip(*cells, strict=True) if known)
        for cells in zip(found.gold, found.predicted, found.known, strict=True)
    ]
    rows = by_count(found, 0.95)
    assert sum(row["value"] * row["texts"] for row in rows) == pytest.approx(sum(right), abs=1e-3)
    words = found.table["text"].str.split().str.len().to_numpy()
    for row in by_length(found, 5, 0.95):
        low, _, high = row["label"].split(" words")[0].partition("–")
        inside = (words >= int(low)) & (words <= int(high or low))
        each = [
            f1_score(found.gold[inside & known, column], found.predicted[inside & known, column], zero_division=0)
            for column, known in enumerate(found.known.T)
            if (inside & known).any()
        ]
        assert row["value"] == pytest.approx(np.mean(each), abs=1e-6)
