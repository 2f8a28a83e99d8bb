"""Results as a notebook loads them: of a study with a run that is always right and one that never is."""

import numpy as np
import pytest

from emotion_grid import load_predictions, load_results
from emotion_grid.base.messages import InputError
from emotion_grid.data.rows import write_predictions
from scripts import compare, evaluate
from testing.made import made_row, make_texts, run_program, write_plan, write_records

LABELS = ["anger", 'joy, "pure" joy']
"""The second is quoted in a CSV file's header."""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The study, scored: label by label, the good run gives 0.9 or 0.1, the bad run the contrary."""
    home = tmp_path_factory.mktemp("studies") / "small"
    golds = make_texts(home, LABELS, {"train": 8, "validation": 40, "dev": 40, "test": 40})
    rows = []
    for name in ("good", "bad"):
        rows.append(made_row(name, {"encoder": name, "fold": None, "seed": 1}))
        write_records(home / "runs" / name)
        for split in ("validation", "dev", "test"):
            gold = golds[split] if name == "good" else 1 - golds[split]
            ids = [f"{split}-{number}" for number in range(len(gold))]
            write_predictions(home / "runs" / name / "predictions" / f"{split}.csv", ids, LABELS, 0.1 + 0.8 * gold)
    evaluation = {"threshold": "fixed", "bootstrap": 50, "confidence": 0.95}
    write_plan(home, rows, labels=LABELS, evaluation=evaluation)
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    return home


def test_scores_are_numbers_and_axes_are_text(home):
    results = load_results(home)
    runs = results.runs.set_index("run")
    assert results.home == home
    assert runs["dev_macro_f1"].to_dict() == {"good": 1.0, "bad": 0.0}
    assert runs["encoder"].to_dict() == {"good": "good", "bad": "bad"}
    assert set(results.settings["encoder"]) == {"good", "bad"}
    f1 = results.metrics.query("run == 'good' and split == 'dev' and metric == 'f1'")
    assert set(f1["label"]) == set(LABELS) and set(f1["value"]) == {1.0}


def test_comparisons_are_empty_until_they_are_made(home):
    assert load_results(home).comparisons.empty
    run_program(compare, "--results", home)
    assert not load_results(home).comparisons.empty


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
