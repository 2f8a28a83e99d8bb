"""Results as a notebook loads them: of a study with a run that is always right and one that never is."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emotion_grid import load_predictions, load_results
from emotion_grid.base.integrity import write_record
from emotion_grid.base.messages import InputError
from emotion_grid.data.rows import write_predictions
from scripts import compare, evaluate
from testing.made import made_row, make_texts, run_program, write_plan, write_records

PROJECT = Path(__file__).resolve().parents[3]

LABELS = ["anger", 'joy, "pure" joy']
"""The second is quoted in a CSV file's header."""

AXES = {
    "good": {
        "encoder": "good",
        "freeze": 0,
        "lora": "none",
        "epochs": 3,
        "learning_rate": 2e-5,
        "fold": None,
        "seed": 1,
    },
    "bad": {
        "encoder": "bad",
        "freeze": "half",
        "lora": "r=8",
        "epochs": 12,
        "learning_rate": 1,
        "fold": None,
        "seed": 1,
    },
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The study, scored: label by label, the good run gives 0.9 or 0.1, the bad run the contrary; another team gives 0.5, in one file."""
    home = tmp_path_factory.mktemp("studies") / "small"
    golds = make_texts(home, LABELS, {"train": 8, "validation": 40, "dev": 40, "test": 40})
    for name in AXES:
        write_records(home / "runs" / name)
        for split in ("validation", "dev", "test"):
            gold = golds[split] if name == "good" else 1 - golds[split]
            ids = [f"{split}-{number}" for number in range(len(gold))]
            write_predictions(home / "runs" / name / "predictions" / f"{split}.csv", ids, LABELS, 0.1 + 0.8 * gold)
    ids = [f"{split}-{number}" for split in ("test", "dev") for number in range(39, -1, -1)]
    write_predictions(home / "team.csv", ids, LABELS, np.full((80, 2), 0.5))
    evaluation = {"threshold": "fixed", "bootstrap": 50, "confidence": 0.95}
    rows = [made_row(name, columns) for name, columns in AXES.items()]
    write_plan(home, rows, labels=LABELS, evaluation=evaluation, compare={"team": str(home / "team.csv")})
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    return home


def test_scores_are_numbers_and_axes_are_text(home):
    results = load_results(home)
    runs = results.runs.set_index("run").drop("team")
    assert results.home == home
    assert runs["dev_macro_f1"].to_dict() == {"good": 1.0, "bad": 0.0}
    assert runs["encoder"].to_dict() == {"good": "good", "bad": "bad"}
    assert set(results.settings["encoder"]) == {"good", "bad", "team"}
    f1 = results.metrics.query("run == 'good' and split == 'dev' and metric == 'f1'")
    assert set(f1["label"]) == set(LABELS) and set(f1["value"]) == {1.0}


def test_axes_of_numbers_are_numbers_and_whole_ones_are_whole(home):
    """Fault: epochs as texts are sorted as 12, 3, and a seed that one row lacks becomes 1.0."""
    results = load_results(home)
    types = {name: str(kind) for name, kind in results.runs.dtypes.items()}
    assert types["epochs"] == types["seed"] == types["best_epoch"] == types["trainable_parameters"] == "Int64"
    assert types["learning_rate"] == types["train_seconds"] == types["dev_macro_f1"] == "float64"
    runs = results.runs.set_index("run")
    assert runs["freeze"].to_dict() == {"good": "0", "bad": "half", "team": ""}, (
        "a word among the values: all are texts"
    )
    assert runs.loc["good", "learning_rate"] == 2e-5 and runs.loc["bad", "learning_rate"] == 1
    assert runs["seed"].isna().to_dict() == {"good": False, "bad": False, "team": True}
    assert results.settings["runs"].dtype == results.settings["epochs"].dtype == "Int64"
    assert list(results.runs["epochs"].dropna().sort_values()) == [3, 12]


def test_histories_have_a_row_an_epoch_to_the_last_digit(home):
    path = home / "runs" / "good" / "history.csv"
    before = path.read_text()
    path.write_text(before + "4,4,0.30000000000000004,nan,0.1234567890123456,4.5\n")
    try:
        histories = load_results(home).histories
    finally:
        path.write_text(before)
    assert list(histories)[:3] == ["run", "epoch", "step"] and histories.groupby("run").size().to_dict() == {
        "good": 4,
        "bad": 3,
    }
    last = histories.query("run == 'good'").iloc[-1]
    assert last["epoch"] == 4 and last["train_loss"] == 0.1 + 0.2 and last["validation_macro_f1"] == 0.1234567890123456
    assert np.isnan(last["validation_loss"])
    assert histories["epoch"].dtype == histories["step"].dtype == "int64"


def test_predictions_of_all_rows_are_those_of_each(home):
    predictions = load_results(home).predictions
    assert predictions.index.names == ["run", "split", "id"] and list(predictions) == LABELS
    for run in AXES:
        for split in ("validation", "dev", "test"):
            pd.testing.assert_frame_equal(predictions.loc[run, split], load_predictions(home / "runs" / run, split))
    team = predictions.loc["team"]
    assert list(team.index.unique("split")) == ["dev", "test"], "it has no row of validation"
    assert list(team.loc["dev"].index) == [f"dev-{number}" for number in range(40)] and set(np.unique(team)) == {0.5}


def test_predictions_that_were_changed_are_refused(home):
    record, path = home / "runs" / "bad" / "provenance.json", home / "runs" / "bad" / "predictions" / "dev.csv"
    facts, table = record.read_text(), path.read_text()
    write_record(record, {}, ["predictions/dev.csv"])
    path.write_text(table.replace("0.9", "0.8"))
    try:
        with pytest.raises(InputError, match=r"bad/predictions/dev\.csv: expected SHA-256"):
            load_results(home).predictions  # noqa: B018 - it reads
    finally:
        record.write_text(facts)
        path.write_text(table)
        (record.parent / "damaged.txt").unlink()


def test_comparisons_are_empty_until_they_are_made(home):
    assert load_results(home).comparisons.empty
    run_program(compare, "--results", home)
    comparisons = load_results(home).comparisons
    assert (
        not comparisons.empty and comparisons["pairs"].dtype == "Int64" and comparisons["difference"].dtype == "float64"
    )


def test_the_lines_of_the_documentation_give_tables(home):
    """Fault: a column in docs/report.md that no table has."""
    run_program(compare, "--results", home)
    (block,) = re.findall(
        r"```python\n(from emotion_grid import load_results\n.*?)```",
        (PROJECT / "docs/report.md").read_text(),
        re.DOTALL,
    )
    lines = [line.partition("  #")[0] for line in block.splitlines() if line.startswith("study.")]
    best, table, curves, effects, texts = [eval(line, {"study": load_results(home)}) for line in lines]  # noqa: S307
    assert list(best["encoder"]) == ["good", "bad", "team"], "the team has no score on validation"
    assert table.loc["0", "none"] == 1.0 and np.isnan(table.loc["half", "none"])
    assert curves.loc[2, "good"] == 0.5 and set(curves) == set(AXES)
    assert set(effects.columns) >= {"first", "second", "verdict"}
    assert len(texts) == 10 and np.isclose(texts, np.std([0.1, 0.9, 0.5], ddof=1)).all()


@pytest.mark.parametrize("missing", ["plan.json", "summary.csv", "settings.csv", "metrics.csv"])
def test_a_study_that_has_not_ended_is_refused(tmp_path, missing):
    for name in {"plan.json", "summary.csv", "settings.csv", "metrics.csv"} - {missing}:
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=rf"expected the results of an experiment \({missing}\).*run snakemake"):
        load_results(tmp_path)


@pytest.mark.parametrize("split", ["validation", "dev", "test"])
def test_predictions_have_a_column_a_label_and_a_row_a_text(home, split):
    table = load_predictions(home / "runs" / "good", split)
    assert list(table.columns) == LABELS
    assert list(table.index) == [f"{split}-{number}" for number in range(40)]
    assert set(np.unique(table)) == {0.1, 0.9}


def test_unknown_split_and_run_without_predictions_are_refused(home, tmp_path):
    with pytest.raises(InputError, match=r"split: expected one of .*dev.*, found train"):
        load_predictions(home / "runs" / "good", "train")
    with pytest.raises(InputError, match=r"dev\.csv: expected a prediction table, found none"):
        load_predictions(tmp_path)
