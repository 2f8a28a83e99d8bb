"""Metrics against scikit-learn and by hand, thresholds, intervals; and the tables, baselines and models made of them."""

import math
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from emotion_grid.base.cli import run_program
from emotion_grid.base.files import read_json, write_json
from emotion_grid.data.rows import write_predictions
from emotion_grid.data.scores import f1, macro_f1
from emotion_grid.data.tables import write_split
from emotion_grid.evaluation.metrics import score
from emotion_grid.evaluation.resampling import resamples
from emotion_grid.evaluation.scoring import score_row, score_tables
from emotion_grid.evaluation.thresholds import CANDIDATES, tune_threshold
from emotion_grid.prediction.baselines import most_frequent, tfidf
from scripts import baseline, evaluate
from scripts import keep_models as models

GOLD4 = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=float)
LABELS = ["joy", "fear"]


def scores(probabilities, gold, thresholds, bootstrap=20, confidence=0.95) -> dict[tuple[str, str], dict]:
    labels = [f"l{column}" for column in range(gold.shape[1])]
    rows = score(probabilities, gold, np.asarray(thresholds), labels, bootstrap, confidence)
    return {(row["metric"], row["label"]): row for row in rows}


def random_case(seed: int, rows: int, labels: int, digits: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities with ties, gold of labels that are rare or frequent, a threshold for each label."""
    random = np.random.default_rng(seed)
    gold = (random.random((rows, labels)) < random.uniform(0, 1, labels) ** 2).astype(float)
    probabilities = np.clip(0.5 * gold + random.random((rows, labels)) * 0.7 - 0.1, 0, 1).round(digits)
    return probabilities, gold, random.choice([0.2, 0.35, 0.5, 0.8], labels)


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


def test_score_for_training_is_the_same_one():
    probabilities, gold, _ = random_case(9, 80, 3)
    expected = reference.f1_score(gold, probabilities >= 0.5, average="macro", zero_division=0)
    assert macro_f1(gold, probabilities >= 0.5) == pytest.approx(expected)
    assert f1(np.array([0, 2]), np.array([0, 3]), np.array([0, 5])).tolist() == [0, 0.5]


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


def test_no_doubt_is_no_interval():
    row = scores(GOLD4, GOLD4, [0.5, 0.5])["subset_accuracy", ""]
    assert (row["low"], row["value"], row["high"]) == (1, 1, 1)


def test_every_run_is_resampled_alike():
    weights = resamples(50, 30)
    assert weights.shape == (30, 50)
    assert set(weights.sum(axis=1).tolist()) == {50}
    assert len({tuple(row) for row in weights.tolist()}) == 30
    resamples.cache_clear()
    assert (resamples(50, 30) == weights).all()


# --- thresholds


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
    found = tune_threshold(probabilities, gold, "global")
    assert len(set(found.tolist())) == 1
    best, distance = nearest_of_the_best(lambda threshold: macro_at(probabilities, gold, threshold))
    assert macro_at(probabilities, gold, found[0]) == pytest.approx(best)
    assert abs(found[0] - 0.5) == pytest.approx(distance)


@given(CASES_TO_TUNE)
def test_a_threshold_for_each_label_is_the_best_by_brute_force(case):
    probabilities, gold, _ = case
    found = tune_threshold(probabilities, gold, "per_label")
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
    assert tune_threshold(probabilities, GOLD4, mode).tolist() == [expected] * 2


@pytest.mark.parametrize("mode", ["global", "per_label", "fixed"])
def test_threshold_is_a_half_where_nothing_can_be_learned(mode):
    assert tune_threshold(np.zeros((0, 2)), np.zeros((0, 2)), mode).tolist() == [0.5, 0.5]
    assert tune_threshold(np.full((4, 2), 0.3), np.zeros((4, 2)), mode).tolist() == [0.5, 0.5]
    assert tune_threshold(np.full((4, 2), 0.3), GOLD4, "fixed").tolist() == [0.5, 0.5]


def test_candidates_reach_from_0_05_to_0_95():
    assert (CANDIDATES[0], CANDIDATES[-1], len(CANDIDATES)) == (0.05, 0.95, 91)


# --- an experiment's tables

ALL_RIGHT = np.where(GOLD4 > 0, 0.9, 0.1)
ONE_WRONG = ALL_RIGHT.copy()
ONE_WRONG[2, 0] = 0.1  # joy is missed in the third row: macro-F1 is (2/3 + 1) / 2
SHIFTED = np.where(GOLD4 > 0, 0.4, 0.1)  # all right from 0.11 to 0.4, all wrong at 0.5
EVERYTHING = np.full((4, 2), 0.9)  # F1 is 2/3 for each label
FIVE_SIXTHS = 5 / 6


def write_gold(path: Path, prefix: str, gold: np.ndarray) -> None:
    table = pd.DataFrame(gold, columns=LABELS)
    table.insert(0, "text", [f"text {n}" for n in range(len(gold))])
    table.insert(0, "id", [f"{prefix}{n}" for n in range(len(gold))])
    write_split(table, path)


def write_tables(folder: Path, **tables: np.ndarray) -> None:
    for split, values in tables.items():
        write_predictions(folder / f"{split}.csv", [f"{split[0]}{n}" for n in range(len(values))], LABELS, values)


class Experiment:
    """A hand-made experiment: three runs (two seeds of one setting), a baseline and another team's predictions."""

    def __init__(self, home: Path):
        self.home = home
        for split in ("validation", "dev"):
            write_gold(home / "data" / "d1" / f"{split}.csv", split[0], GOLD4)
        write_gold(home / "data" / "d1" / "test.csv", "t", np.full((4, 2), np.nan))
        self.rows = []
        self.add("run", "low_seed-1_a", {"freeze": 0, "seed": 1}, ALL_RIGHT, ONE_WRONG)
        self.add("run", "low_seed-2_b", {"freeze": 0, "seed": 2}, ONE_WRONG, ALL_RIGHT, older=["program", "lock"])
        self.add("run", "high_seed-1_c", {"freeze": "all", "seed": 1}, SHIFTED, SHIFTED)
        self.add("baseline", "most-frequent_d", {"encoder": "most-frequent"}, EVERYTHING, EVERYTHING)
        write_tables(home / "team", dev=ONE_WRONG[::-1], test=ALL_RIGHT)  # no validation
        lines = (home / "team" / "dev.csv").read_text().splitlines()
        order = [lines[0], *(f"d{3 - n},{line.split(',', 1)[1]}" for n, line in enumerate(lines[1:]))]
        (home / "team" / "dev.csv").write_text("\n".join(order) + "\n")
        self.write()

    def add(self, kind, name, columns, validation, dev, older=()):
        folder = f"{kind}s/{name}"
        write_tables(self.home / folder / "predictions", validation=validation, dev=dev, test=dev)
        if kind == "run":
            facts = {"trainable_parameters": 12345, "train_seconds": 1.5, "best_epoch": 3}
            write_json(self.home / folder / "provenance.json", facts)
        columns = {"encoder": "small", **columns}
        self.rows.append(
            {"run": name, "kind": kind, "folder": folder, "data": "d1", "columns": columns, "older": list(older)}
        )

    def write(self, **changes) -> None:
        self.plan = {
            "experiment": "tiny",
            "rows": self.rows,
            "columns": ["encoder", "freeze", "seed"],
            "labels": LABELS,
            "folds": None,
            "compare": {"team": str(self.home / "team")},
            "evaluation": {"threshold": "global", "bootstrap": 100, "confidence": 0.9},
            "keep_models": "best",
            "explained": None,
            "title": "tiny",
            "programs": {"evaluate": "e1", "report": "r1"},
            **changes,
        }
        write_json(self.home / "plan.json", self.plan)

    def evaluate(self, monkeypatch, status=0) -> pd.DataFrame:
        command = ["evaluate", "--plan", str(self.home / "plan.json"), "--output", str(self.home)]
        monkeypatch.setattr(sys, "argv", command)
        assert run_program(evaluate.main) == status
        return self.table("summary").set_index("run") if status == 0 else None

    def models(self, monkeypatch) -> pd.DataFrame:
        monkeypatch.setattr(sys, "argv", ["models", "--results", str(self.home)])
        assert run_program(models.main) == 0
        return self.table("models").set_index("run")

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.home / f"{name}.csv")


@pytest.fixture
def experiment(tmp_path):
    return Experiment(tmp_path / "tiny")


def test_summary_has_a_row_for_each_of_the_plan_in_its_order(experiment, monkeypatch):
    summary = experiment.evaluate(monkeypatch)
    assert list(summary.index) == ["low_seed-1_a", "low_seed-2_b", "high_seed-1_c", "most-frequent_d", "team"]
    assert list(summary["kind"]) == ["run", "run", "run", "baseline", "other"]
    assert list(summary["encoder"]) == ["small", "small", "small", "most-frequent", "team"]
    assert list(summary["seed"].fillna(0)) == [1, 2, 1, 0, 0]
    assert list(summary["older"].fillna("")) == ["", "program lock", "", "", ""]
    assert list(summary["trainable_parameters"].fillna(0)) == [12345, 12345, 12345, 0, 0]
    assert "12345," in (experiment.home / "summary.csv").read_text(), "whole numbers stay whole"


def test_summary_holds_the_scores_known_by_hand(experiment, monkeypatch):
    summary = experiment.evaluate(monkeypatch)
    dev = {
        "low_seed-1_a": FIVE_SIXTHS,
        "low_seed-2_b": 1,
        "high_seed-1_c": 1,
        "most-frequent_d": 2 / 3,
        "team": FIVE_SIXTHS,
    }
    assert summary["dev_macro_f1"].to_dict() == pytest.approx(dev, abs=1e-5)
    at_half = {**dev, "high_seed-1_c": 0}
    assert summary["dev_macro_f1_at_0.5"].to_dict() == pytest.approx(at_half, abs=1e-5)
    assert summary["threshold"].to_dict() == {
        "low_seed-1_a": 0.5,
        "low_seed-2_b": 0.5,
        "high_seed-1_c": 0.4,
        "most-frequent_d": 0.5,
        "team": 0.5,
    }
    assert summary["validation_macro_f1"].to_dict() == pytest.approx(
        {"low_seed-1_a": 1, "low_seed-2_b": FIVE_SIXTHS, "high_seed-1_c": 1, "most-frequent_d": 2 / 3, "team": np.nan},
        abs=1e-5,
        nan_ok=True,
    )
    assert summary["dev_subset_accuracy"]["team"] == 0.75
    assert summary["dev_hamming_loss"]["most-frequent_d"] == 0.5
    assert (summary["dev_macro_f1_low"] <= summary["dev_macro_f1"]).all()
    assert (summary["dev_macro_f1"] <= summary["dev_macro_f1_high"]).all()


def test_split_without_gold_is_not_scored(experiment, monkeypatch):
    summary = experiment.evaluate(monkeypatch)
    assert [name for name in summary.columns if name.startswith("test")] == []
    assert "test" not in set(experiment.table("metrics")["split"])
    assert [name for name in experiment.table("settings").columns if name.startswith("test")] == []


def test_metrics_holds_every_metric_of_every_split_label_and_threshold(experiment, monkeypatch):
    experiment.evaluate(monkeypatch)
    metrics = experiment.table("metrics")
    one = metrics[(metrics["run"] == "low_seed-1_a") & (metrics["split"] == "dev") & (metrics["threshold"] == "tuned")]
    joy = one[one["label"] == "joy"].set_index("metric")["value"]
    assert joy.to_dict() == pytest.approx(
        {"precision": 1, "recall": 0.5, "f1": 2 / 3, "average_precision": joy["average_precision"]}, abs=1e-5
    )
    assert set(metrics["threshold"].astype(str)) == {"0.5", "tuned"}
    assert not metrics.duplicated(["run", "split", "threshold", "metric", "label"]).any()
    assert {
        "macro_f1",
        "micro_f1",
        "weighted_f1",
        "subset_accuracy",
        "hamming_loss",
        "jaccard",
        "average_precision",
    } == set(one[one["label"].isna()]["metric"])


def test_settings_average_over_seeds(experiment, monkeypatch):
    experiment.evaluate(monkeypatch)
    settings = experiment.table("settings")
    assert "seed" not in settings.columns
    assert list(settings["runs"]) == [2, 1, 1, 1]
    low = settings[(settings["encoder"] == "small") & (settings["freeze"].astype(str) == "0")].iloc[0]
    assert low["dev_macro_f1_mean"] == pytest.approx((1 + FIVE_SIXTHS) / 2, abs=1e-5)
    assert low["dev_macro_f1_sd"] == pytest.approx((1 - FIVE_SIXTHS) / math.sqrt(2), abs=1e-5)
    assert low["validation_macro_f1_mean"] == pytest.approx((1 + FIVE_SIXTHS) / 2, abs=1e-5)
    assert settings["dev_macro_f1_sd"].isna().tolist() == [False, True, True, True]


def test_thresholds_come_from_validation_alone(experiment):
    def thresholds(mode: str) -> list[float]:
        plan = {**experiment.plan, "evaluation": {**experiment.plan["evaluation"], "threshold": mode}}
        return score_row(row, experiment.home / row["folder"] / "predictions", plan, experiment.home)["thresholds"]

    row = experiment.rows[2]
    assert thresholds("global") == [0.4, 0.4]
    gold = experiment.home / "data" / "d1"
    write_gold(gold / "dev.csv", "d", 1 - GOLD4)
    write_tables(experiment.home / row["folder"] / "predictions", dev=1 - ALL_RIGHT, test=1 - ALL_RIGHT)
    write_gold(gold / "test.csv", "t", GOLD4)
    assert thresholds("global") == [0.4, 0.4]
    assert thresholds("per_label") == [0.4, 0.4]
    assert thresholds("fixed") == [0.5, 0.5]
    write_tables(
        experiment.home / row["folder"] / "predictions", validation=np.where(GOLD4 > 0, [0.4, 0.9], [0.1, 0.6])
    )
    assert thresholds("per_label") == [0.4, 0.61]


@pytest.fixture
def scored(monkeypatch):
    """The folders that are really scored, in order."""
    names, original = [], score_tables

    def score_and_note(tables, gold_files, plan):
        names.append(next(iter(tables.values())).parent.parent.name)
        return original(tables, gold_files, plan)

    monkeypatch.setattr(evaluate, "_score", score_and_note)
    return names


def test_second_evaluation_scores_nothing_again(experiment, monkeypatch, scored):
    experiment.evaluate(monkeypatch)
    assert len(scored) == 5
    before = {name: (experiment.home / f"{name}.csv").read_bytes() for name in ("summary", "settings", "metrics")}
    scored.clear()
    experiment.evaluate(monkeypatch)
    assert scored == []
    assert {name: (experiment.home / f"{name}.csv").read_bytes() for name in before} == before


def test_kept_metrics_are_what_is_shown(experiment, monkeypatch):
    experiment.evaluate(monkeypatch)
    kept = experiment.home / "metrics" / "low_seed-1_a.json"
    content = read_json(kept)
    for row in content["metrics"]:
        row["value"] = 0.123
    write_json(kept, content)
    assert experiment.evaluate(monkeypatch)["dev_macro_f1"]["low_seed-1_a"] == 0.123


def test_changed_predictions_are_scored_again_and_no_others(experiment, monkeypatch, scored):
    experiment.evaluate(monkeypatch)
    scored.clear()
    write_tables(experiment.home / "runs" / "low_seed-1_a" / "predictions", dev=EVERYTHING)
    summary = experiment.evaluate(monkeypatch)
    assert scored == ["low_seed-1_a"]
    assert summary["dev_macro_f1"]["low_seed-1_a"] == pytest.approx(2 / 3, abs=1e-5)


def test_new_run_costs_only_its_own_metrics(experiment, monkeypatch, scored):
    experiment.evaluate(monkeypatch)
    scored.clear()
    experiment.add("run", "high_seed-2_e", {"freeze": "all", "seed": 2}, ALL_RIGHT, ALL_RIGHT)
    experiment.write()
    assert len(experiment.evaluate(monkeypatch)) == 6
    assert scored == ["high_seed-2_e"]


@pytest.mark.parametrize(
    "change",
    [
        {"evaluation": {"threshold": "fixed", "bootstrap": 100, "confidence": 0.9}},
        {"evaluation": {"threshold": "global", "bootstrap": 101, "confidence": 0.9}},
        {"programs": {"evaluate": "e2", "report": "r1"}},
    ],
    ids=str,
)
def test_all_are_scored_again_when_scoring_changes(experiment, monkeypatch, scored, change):
    experiment.evaluate(monkeypatch)
    scored.clear()
    experiment.write(**change)
    experiment.evaluate(monkeypatch)
    assert len(scored) == 5


def test_changed_gold_is_scored_again(experiment, monkeypatch, scored):
    experiment.evaluate(monkeypatch)
    scored.clear()
    write_gold(experiment.home / "data" / "d1" / "dev.csv", "d", 1 - GOLD4)
    summary = experiment.evaluate(monkeypatch)
    assert len(scored) == 5
    assert summary["dev_macro_f1"]["low_seed-2_b"] == 0


def test_predictions_for_other_rows_are_refused(experiment, monkeypatch, capsys):
    path = experiment.home / "team" / "dev.csv"
    path.write_text(path.read_text().replace("d2,", "dx,"))
    experiment.evaluate(monkeypatch, status=1)
    said = capsys.readouterr().err
    assert f"error: {path}: " in said
    assert said.rstrip().endswith("d2")
    assert not (experiment.home / "summary.csv").exists()


def test_other_predictions_cannot_stand_beside_folds(experiment, monkeypatch, capsys):
    experiment.write(folds=5)
    experiment.evaluate(monkeypatch, status=1)
    assert "compare" in capsys.readouterr().err


# --- models


def with_models(experiment: Experiment, **changes) -> None:
    """Give every run a model, and the files that its card is made of."""
    for row in experiment.rows[:3]:
        folder = experiment.home / row["folder"]
        write_json(
            folder / "spec.json",
            {
                "encoder": {"model": "team/encoder", "revision": "0" * 40, "layers": 4, "hidden_size": 16},
                "head": {"type": "mlp", "size": 16, "layers": 2, "pooling": "mean", "dropout": 0.1},
                "freeze": 0,
                "lora": None,
                "seed": row["columns"]["seed"],
                "training": {"epochs": 4, "learning_rate": 0.0001},
                "data": {
                    "labels": LABELS,
                    "files": {"train": "ab" * 32},
                    "validation": 0.1,
                    "split_seed": 123,
                    "fold": None,
                    "folds": None,
                    "clean": ["nfc"],
                    "drop": [],
                },
            },
        )
        facts = {
            **read_json(folder / "provenance.json"),
            "total_parameters": 99999,
            "epochs_trained": 4,
            "finished": "2026-01-01 10:00:00",
            "device": "cpu",
            "precision": "fp32",
        }
        write_json(folder / "provenance.json", facts)
        (folder / "model").mkdir()
        (folder / "model" / "model.safetensors").touch()
    experiment.write(**changes)


def models_left(experiment: Experiment) -> set[str]:
    return {path.parent.parent.name for path in experiment.home.glob("runs/*/model/model.safetensors")}


@pytest.mark.parametrize(
    ("keep", "left"),
    [("best", {"low_seed-1_a"}), ("all", {"low_seed-1_a", "low_seed-2_b", "high_seed-1_c"}), ("none", set())],
)
def test_models_are_kept_as_the_config_asks(experiment, monkeypatch, keep, left):
    with_models(experiment, keep_models=keep)
    experiment.evaluate(monkeypatch)
    table = experiment.models(monkeypatch)
    assert models_left(experiment) == left
    assert set(table.index[table["model"].notna()]) == left
    assert list(table.index) == ["low_seed-1_a", "low_seed-2_b", "high_seed-1_c"]
    assert list(table["best"]) == [True, False, False], "by validation, where the second run is best on dev alone"
    for row in experiment.rows[:3]:
        folder = experiment.home / row["folder"]
        assert len(list(folder.glob("predictions/*.csv"))) == 3
        assert (folder / "spec.json").is_file()
        assert (folder / "model").exists() == (row["run"] in left)


def test_best_run_is_best_by_validation_among_runs_only(experiment, monkeypatch):
    summary = experiment.evaluate(monkeypatch).reset_index()
    summary.loc[summary["kind"] != "run", "validation_macro_f1"] = 5.0
    summary.loc[summary["run"] == "low_seed-2_b", "validation_macro_f1"] = 1.1
    assert models.best_run(summary) == "low_seed-2_b"


def test_model_that_was_cleared_away_is_not_missed(experiment, monkeypatch):
    with_models(experiment)
    shutil.rmtree(experiment.home / "runs" / "low_seed-1_a" / "model")
    experiment.evaluate(monkeypatch)
    table = experiment.models(monkeypatch)
    assert table["model"].isna().all()
    assert table["best"]["low_seed-1_a"]


def test_card_says_how_good_a_model_is_and_how_it_was_made(experiment, monkeypatch):
    with_models(experiment)
    experiment.evaluate(monkeypatch)
    experiment.models(monkeypatch)
    card = (experiment.home / "runs" / "low_seed-1_a" / "model" / "README.md").read_text(encoding="utf-8")
    low = experiment.table("summary").set_index("run").loc["low_seed-1_a", "dev_macro_f1_low"]
    assert re.search(rf"\| dev \| macro_f1 \| 0\.833 \| {low:.3f} to 1\.000 \|", card)
    assert re.search(
        r"\| validation \| macro_f1 \| 1\.000 \| 1\.000 to 1\.000 \||\| validation \| macro_f1 \| 1\.000 \|", card
    )
    assert "| test |" not in card
    for fact in ("low_seed-1_a", "team/encoder", "joy, fear", "0" * 40, "12,345 of 99,999", "learning_rate 0.0001"):
        assert fact in card
    assert str(experiment.home / "runs" / "low_seed-1_a" / "model") in card, "three lines that load it"


# --- baselines


def train_rows(texts: list[str], joy: list[int], fear: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"text": texts, "joy": np.array(joy, float), "fear": np.array(fear, float)})


TRAIN = train_rows(["happy sun", "happy day", "dark night", "dark day"] * 5, [1, 1, 0, 0] * 5, [0, 0, 0, 1] * 5)


def test_most_frequent_gives_each_label_its_share_of_train():
    found = most_frequent(TRAIN, LABELS, pd.Series(["a", "b", "c"]))
    assert found.tolist() == [[0.5, 0.25]] * 3
    assert most_frequent(TRAIN, LABELS, pd.Series([], dtype=str)).shape == (0, 2)


def test_tfidf_learns_words():
    found = tfidf(TRAIN, LABELS, pd.Series(["happy happy", "dark dark", "unheard of"]))
    assert found.shape == (3, 2)
    assert ((found >= 0) & (found <= 1)).all()
    assert found[0, 0] > 0.8
    assert found[1, 0] < 0.2


@pytest.mark.parametrize(("value", "expected"), [(0, 0.0), (1, 1.0)])
def test_tfidf_of_a_label_that_never_changes(value, expected):
    train = TRAIN.assign(fear=float(value))
    assert tfidf(train, LABELS, pd.Series(["happy", "dark"]))[:, 1].tolist() == [expected] * 2


@pytest.mark.parametrize("texts", [["one", "two", "three", "four"], ["😀", "😡", "😀", "!"], ["我", "你", "他", "她"]])
def test_tfidf_without_any_word_that_stands_twice_still_predicts(texts):
    train = train_rows(texts, [1, 0, 1, 0], [0, 0, 0, 1])
    found = tfidf(train, LABELS, pd.Series(texts[:2]))
    assert found.shape == (2, 2)
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize("kind", ["most-frequent", "tfidf"])
def test_baseline_predicts_every_row_of_every_split(tmp_path, monkeypatch, kind):
    data = tmp_path / "data"
    table = TRAIN.assign(id=[f"r{n}" for n in range(len(TRAIN))])[["id", "text", *LABELS]]
    write_split(table, data / "train.csv")
    write_split(table.iloc[:3], data / "validation.csv")
    write_split(table.iloc[5:9][::-1].assign(joy=np.nan, fear=np.nan), data / "test.csv")
    write_split(table.iloc[:0], data / "dev.csv")
    write_json(tmp_path / "spec.json", {"baseline": kind, "data": {"labels": LABELS}})
    command = [
        "baseline",
        "--spec",
        str(tmp_path / "spec.json"),
        "--data",
        str(data),
        "--output",
        str(tmp_path / "out"),
    ]
    monkeypatch.setattr(sys, "argv", command)
    found = []
    for _ in range(2):
        assert run_program(baseline.main) == 0
        found.append({path.name: path.read_text() for path in (tmp_path / "out" / "predictions").iterdir()})
    assert found[0] == found[1], "the same every time"
    ids = {name: [line.split(",")[0] for line in text.splitlines()] for name, text in found[0].items()}
    assert ids == {
        "validation.csv": ["id", "r0", "r1", "r2"],
        "dev.csv": ["id"],
        "test.csv": ["id", "r8", "r7", "r6", "r5"],
    }
