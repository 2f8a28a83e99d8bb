"""The program that scores an experiment: its tables, and what it does not compute again."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.integrity import renew_record, write_record
from emotion_grid.data.rows import write_predictions
from emotion_grid.data.tables import write_split
from emotion_grid.evaluation import scoring
from emotion_grid.evaluation.results import read_results
from scripts import compare, evaluate, report
from scripts import keep_models as models
from testing.hand_made import ALL_RIGHT, EVERYTHING, GOLD4, SHIFTED, write_gold, write_tables
from testing.made import made_row, run_program, write_plan, write_records

LABELS = ["anger", "fear", "joy"]
FIVE_SIXTHS = 5 / 6


def test_summary_has_a_row_for_each_of_the_plan_in_its_order(experiment, monkeypatch):
    summary = experiment.evaluate(monkeypatch)
    assert list(summary.index) == ["low_seed-1_a", "low_seed-2_b", "high_seed-1_c", "most-frequent_d", "team"]
    assert list(summary["kind"]) == ["run", "run", "run", "baseline", "other"]
    assert list(summary["encoder"]) == ["small", "small", "small", "most-frequent", "team"]
    assert list(summary["seed"].fillna(0)) == [1, 2, 1, 0, 0]
    assert list(summary["older"].fillna("")) == ["", "program lock", "", "", ""]
    assert list(summary["trainable_parameters"].fillna(0)) == [12345, 12345, 12345, 0, 0]
    assert "12345," in (experiment.home / "summary.csv").read_text(), "whole numbers stay whole"


def test_summary_says_to_which_study_its_rows_belong(experiment, monkeypatch):
    """Fault: rows of several studies in one table could not be told apart."""
    experiment.write(title="Ärger", note="For the pilot.\nOn two cores", tags=["pilot", "a, b"])
    experiment.evaluate(monkeypatch)
    summary = read_results(experiment.home).summary
    assert {*summary["title"]} == {"Ärger"} and {*summary["note"]} == {"For the pilot.\nOn two cores"}
    assert {*summary["tags"]} == {"pilot, a, b"} and len(summary) == 5


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
    assert summary[["dev_macro_f1_low", "dev_macro_f1_high"]].isna().all(axis=None), "two positives of a label"


def test_one_table_for_all_splits_is_scored_as_a_folder_of_tables(experiment, monkeypatch):
    folder = experiment.evaluate(monkeypatch).loc["team"]
    assert folder["threshold_kind"] == "fixed" and folder["threshold"] == 0.5
    tables = [(experiment.home / "team" / f"{split}.csv").read_text().splitlines() for split in ("test", "dev")]
    lines = ["id,Joy,Fear", *(line for table in tables for line in table[1:])]
    path = experiment.home / "pred_eng.csv"
    path.write_text("\n".join(lines) + "\n")
    experiment.write(compare={"team": str(path)})
    one = experiment.evaluate(monkeypatch).loc["team"]
    assert one["dev_macro_f1"] == pytest.approx(FIVE_SIXTHS, abs=1e-5)
    pd.testing.assert_series_equal(one, folder)


def test_a_table_with_rows_of_validation_has_thresholds_tuned_there(experiment, monkeypatch):
    rows = [f"{split}{n},{joy},{fear}" for split in "vd" for n, (joy, fear) in enumerate(SHIFTED)]
    path = experiment.home / "pred_eng.csv"
    path.write_text("\n".join(["id,joy,fear", "train-row,1,1", *rows]) + "\n")
    experiment.write(compare={"team": str(path)})
    team = experiment.evaluate(monkeypatch).loc["team"]
    assert team["threshold_kind"] == "global" and team["threshold"] == 0.4
    assert team["dev_macro_f1"] == 1 and team["dev_macro_f1_at_0.5"] == 0


def test_one_table_that_lacks_a_text_of_a_split_is_refused(experiment, monkeypatch, capsys):
    path = experiment.home / "pred_eng.csv"
    path.write_text("id,joy,fear\nd0,1,0\nd1,0,1\nd3,0,0\n")
    experiment.write(compare={"team": str(path)})
    experiment.evaluate(monkeypatch, status=1)
    assert "expected a row for each of the 4 texts, found none for 1 of them: d2" in capsys.readouterr().err


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
    write_record(kept, content, [])
    assert experiment.evaluate(monkeypatch)["dev_macro_f1"]["low_seed-1_a"] == 0.123


def test_kept_metrics_that_were_edited_are_computed_again(experiment, monkeypatch):
    """Fault: a digit changed in metrics/ stands in the tables, and an emptied file fails every start."""
    before = experiment.evaluate(monkeypatch)
    kept = experiment.home / "metrics" / "low_seed-1_a.json"
    for content in (kept.read_text().replace("0.8", "0.9", 1), ""):
        kept.write_text(content)
        assert experiment.evaluate(monkeypatch).equals(before)


def test_edited_tables_are_named_together_and_not_scored(experiment, monkeypatch, capsys):
    """Fault: a digit changed in a prediction table is scored."""
    tables = [f"predictions/{split}.csv" for split in ("validation", "dev", "test")]
    runs = [experiment.home / "runs" / name for name in ("low_seed-1_a", "low_seed-2_b")]
    for run in runs:
        renew_record(run / "provenance.json", tables)
    experiment.evaluate(monkeypatch)
    for run in runs:
        path = run / "predictions" / "dev.csv"
        path.write_text(path.read_text().replace("0.9", "0.8", 1))
    experiment.evaluate(monkeypatch, status=1)
    said = capsys.readouterr().err
    assert [f"{run}/predictions/dev.csv: expected SHA-256" in said for run in runs] == [True, True]
    assert said.count("error:") == 1 and "start again" in said
    assert all((run / "damaged.txt").is_file() for run in runs)


def test_a_table_without_digests_that_cannot_be_scored_is_noted_and_gold_labels_before_it(experiment, monkeypatch):
    """Fault: a cut table of an earlier version fails every start; cut gold labels let every run be trained again."""
    run, data = experiment.home / "runs" / "low_seed-1_a", experiment.home / "data" / "d1"
    path = run / "predictions" / "dev.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    write_json(data / "checks.json", {"warnings": []})
    experiment.evaluate(monkeypatch, status=1)
    assert (data / "damaged.txt").is_file() and not (run / "damaged.txt").exists()
    write_record(data / "checks.json", {"warnings": []}, ["dev.csv"])
    experiment.evaluate(monkeypatch, status=1)
    assert "expected a row for each" in (run / "damaged.txt").read_text()


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
    assert f"error: {path}, row 2 (id dx), column id: expected the id of one of the 4 texts, found another" in said
    assert not (experiment.home / "summary.csv").exists()


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
        | {
            kind: {s: {"rows": 40, "known": dict.fromkeys(LABELS, 40)} for s in ("train", "validation", "dev", "test")}
            for kind in ("splits", "prepared")
        },
    )
    how = {"labels": LABELS, "files": {"train": "0" * 64}, "validation": 0.1, "split_seed": 1}
    write_json(home / "data/d/spec.json", {**how, "fold": None, "clean": [], "drop": []})
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
