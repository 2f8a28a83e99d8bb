"""Metrics against scikit-learn, thresholds against brute force, and the tables of a small experiment made by hand."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from emotion_grid.base.files import write_json
from emotion_grid.base.messages import InputError
from emotion_grid.data.rows import write_predictions
from emotion_grid.data.tables import match, write_split
from emotion_grid.evaluation import scoring
from emotion_grid.evaluation.metrics import score
from emotion_grid.evaluation.thresholds import CANDIDATES, tune_threshold
from scripts import compare, evaluate, report
from scripts import keep_models as models
from tests.made import made_row, run_program, write_plan, write_records

LABELS = ["anger", "fear", "joy"]


def sample(seed: int, rows: int = 60) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    gold = (random.random((rows, 3)) < 0.4).astype(float)
    return np.clip(0.5 * gold + random.random((rows, 3)) * 0.6, 0, 1), gold


@given(st.integers(0, 10_000))
def test_every_metric_is_scikit_learns(seed):
    probabilities, gold = sample(seed)
    thresholds = np.array([0.4, 0.5, 0.6])
    given_ = probabilities >= thresholds
    found = {(row["metric"], row["label"]): row for row in score(probabilities, gold, thresholds, LABELS, 100, 0.95)}
    expected = {
        f"{kind}_f1": reference.f1_score(gold, given_, average=kind, zero_division=0)
        for kind in ("macro", "micro", "weighted")
    }
    expected["subset_accuracy"] = reference.accuracy_score(gold, given_)
    expected["hamming_loss"] = reference.hamming_loss(gold, given_)
    expected["jaccard"] = reference.jaccard_score(gold, given_, average="samples", zero_division=1)
    expected["average_precision"] = reference.average_precision_score(gold, probabilities, average="macro")
    for name, value in expected.items():
        assert found[name, ""]["value"] == pytest.approx(value, abs=1e-6), name
    for column, label in enumerate(LABELS):
        for name, function in (
            ("precision", reference.precision_score),
            ("recall", reference.recall_score),
            ("f1", reference.f1_score),
        ):
            value = function(gold[:, column], given_[:, column], zero_division=0)
            assert found[name, label]["value"] == pytest.approx(value, abs=1e-6)
    interval = found["macro_f1", ""]
    assert interval["low"] <= interval["value"] <= interval["high"]


def test_intervals_shrink_with_rows():
    widths = []
    for rows in (50, 2000):
        probabilities, gold = sample(1, rows)
        row = score(probabilities, gold, np.full(3, 0.5), LABELS, 500, 0.95)[0]
        widths.append(row["high"] - row["low"])
    assert widths[1] < widths[0] / 3


@pytest.mark.parametrize("seed", range(5))
def test_tuned_thresholds_are_the_best_there_are(seed):
    probabilities, gold = sample(seed)

    def macro(thresholds: object) -> float:
        return reference.f1_score(gold, probabilities >= thresholds, average="macro", zero_division=0)

    one = tune_threshold(probabilities, gold, "global")
    assert len(set(one)) == 1 and macro(one) == pytest.approx(max(macro(value) for value in CANDIDATES))
    each = tune_threshold(probabilities, gold, "per_label")
    assert macro(each) >= macro(one)
    assert list(tune_threshold(probabilities, gold, "fixed")) == [0.5] * 3


def test_among_equal_thresholds_the_one_nearest_to_a_half_is_taken():
    gold = np.array([[1.0], [0.0]])
    assert tune_threshold(np.array([[0.9], [0.1]]), gold, "global") == [0.5]


def test_predictions_in_another_order_are_put_in_order_and_missing_rows_are_named():
    gold = pd.DataFrame({"id": ["a", "b"], "anger": [1.0, 0.0]})
    found = match(pd.DataFrame({"id": ["b", "a"], "anger": [0.2, 0.9]}), gold, "x.csv")
    assert found.tolist() == [[0.9], [0.2]]
    with pytest.raises(InputError, match=r"x\.csv: expected one row for each of the 2 ids, found 1.*is b"):
        match(pd.DataFrame({"id": ["a"], "anger": [0.9]}), gold, "x.csv")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An experiment of two runs, a baseline and another team's predictions; test has no gold."""
    home = tmp_path / "hostile"
    random = np.random.default_rng(0)
    for split, rows in (("train", 30), ("validation", 40), ("dev", 40), ("test", 5)):
        gold = (random.random((rows, 3)) < 0.4).astype(float)
        table = pd.DataFrame(gold if split != "test" else np.full((rows, 3), np.nan), columns=LABELS)
        table.insert(0, "text", [f"<script>alert({i})</script>" for i in range(rows)])
        table.insert(0, "id", [f"{split}-{i}" for i in range(rows)])
        write_split(table, home / "data/d/" / f"{split}.csv")
        for folder, noise in (("runs/good", 0.2), ("runs/bad", 0.9), ("baselines/b", 1.0)):
            found = np.clip((1 - noise) * np.nan_to_num(gold) + noise * random.random((rows, 3)), 0, 1)
            if split != "train":
                write_predictions(home / folder / "predictions" / f"{split}.csv", list(table["id"]), LABELS, found)
        if split == "dev":
            write_predictions(tmp_path / "team" / "dev.csv", list(table["id"]), LABELS, gold * 0.8 + 0.1)
    write_json(
        home / "data/d/checks.json",
        {"duplicates": 0, "contradictions": 0, "overlaps": 0, "dropped": 0, "warnings": ["label joy: <b>warned</b>"]}
        | {kind: {s: {"rows": 40} for s in ("train", "validation", "dev", "test")} for kind in ("splits", "prepared")},
    )
    columns = {"encoder": "minilm", "head_type": "mlp", "freeze": 0, "fold": None, "seed": 1}
    rows = [
        made_row("good", columns),
        made_row("bad", columns | {"seed": 2}),
        made_row("b", {"encoder": "b"}, "baseline"),
    ]
    for run in ("good", "bad"):
        write_records(home / "runs" / run)
        (home / "runs" / run / "model").mkdir()
    compared = {"team": str(tmp_path / "team")}
    write_plan(home, rows, labels=LABELS, compare=compared, title="<script>alert(1)</script>")
    return home


def test_tables_models_and_report_of_an_experiment(home, monkeypatch):
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    summary = pd.read_csv(home / "summary.csv").set_index("run")
    assert list(summary.index) == ["good", "bad", "b", "team"]
    assert summary.loc["good", "dev_macro_f1"] > summary.loc["bad", "dev_macro_f1"]
    assert summary.loc["team", "dev_macro_f1"] == 1, "judged at 0.5, since it has no validation table"
    assert not [name for name in summary.columns if name.startswith("test_")], "test has no gold"
    settings = pd.read_csv(home / "settings.csv")
    mean = summary.loc[["good", "bad"], "dev_macro_f1"].mean()
    assert settings.loc[0, "runs"] == 2 and settings.loc[0, "dev_macro_f1_mean"] == pytest.approx(mean, abs=1e-5)

    monkeypatch.setattr(scoring, "score", None)
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    (home / "metrics" / "bad.json").unlink()
    with pytest.raises(TypeError):
        run_program(evaluate, "--plan", home / "plan.json", "--output", home)

    run_program(models, "--results", home)
    assert (home / "runs/good/model").is_dir() and not (home / "runs/bad/model").exists()
    card = (home / "runs/good/model/README.md").read_text()
    assert f"{summary.loc['good', 'dev_macro_f1']:.3f}" in card

    run_program(compare, "--results", home)
    run_program(report, "--results", home)
    page = (home / "report.html").read_text()
    assert "<script>alert(1)" not in page and "<b>warned" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "Content-Security-Policy" in page and "default-src 'none'" in page
    for loading in ('src="http', "src='http", 'href="http', "@import", "url(http"):
        assert loading not in page


def test_thresholds_look_at_validation_alone(home):
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    before = json.loads((home / "metrics" / "good.json").read_text())["thresholds"]
    dev = pd.read_csv(home / "data/d/dev.csv")
    dev[LABELS] = 1 - dev[LABELS]
    write_split(dev, home / "data/d/dev.csv")
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    assert json.loads((home / "metrics" / "good.json").read_text())["thresholds"] == before
