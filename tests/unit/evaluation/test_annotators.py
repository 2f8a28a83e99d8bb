"""Annotators beside the rows of an experiment whose scores are known by hand."""

import numpy as np
import pandas as pd
import pytest

from emotion_grid.base.files import write_json
from emotion_grid.base.messages import InputError
from emotion_grid.data.rows import write_predictions
from emotion_grid.data.tables import write_split
from emotion_grid.evaluation.annotators import annotator_tables
from emotion_grid.evaluation.results import read_results
from testing.hand_made import ALL_RIGHT, GOLD4, LABELS, ONE_WRONG, write_gold

NOTHING = np.zeros((4, 2))


@pytest.fixture
def tables(experiment, monkeypatch):
    """Call with each annotator's answers to the texts 0 to 3: the tables about them."""
    write_gold(experiment.home / "data" / "d1" / "train.csv", "r", GOLD4)

    def make(texts=None, **people: np.ndarray) -> dict[str, pd.DataFrame]:
        texts = texts or [f"text {number}" for number in range(4)]
        rows = [
            [name, text, *("" if np.isnan(value) else f"{value:g}" for value in values)]
            for name, given in people.items()
            for text, values in zip(texts, given, strict=False)
        ]
        file = experiment.home / "answers.csv"
        pd.DataFrame(rows, columns=["who", "text", *LABELS]).to_csv(file, index=False)
        reading = {"columns": {"id": None, "text": "text"}}
        experiment.write(annotators={"file": str(file), "reading": reading, "annotator": "who", "clean": []})
        experiment.evaluate(monkeypatch)
        found = annotator_tables(read_results(experiment.home))
        return {name.removeprefix("annotators/").removesuffix(".csv"): table for name, table in found.items()}

    return make


def test_rows_are_scored_against_the_same_references_as_the_annotators(tables):
    """Three of four annotators say what is gold, so that the majority of any three others does."""
    scores = tables(ann=GOLD4, bea=GOLD4, cat=GOLD4, dan=NOTHING)["scores"]
    own = scores[scores["texts"] == "all"].set_index("name")["macro_f1"]
    assert own.to_dict() == pytest.approx({"ann": 1, "bea": 1, "cat": 1, "dan": 0, "": 6 / 7})
    beside = scores[scores["texts"] == "dev"].set_index("name")
    expected = {"": 6 / 7, "whole encoder trained": 11 / 12, "encoder frozen": 1, "most-frequent": 2 / 3, "team": 5 / 6}
    assert beside["macro_f1"].to_dict() == pytest.approx(expected)
    assert beside["difference"].dropna().tolist() == pytest.approx((beside["macro_f1"] - 6 / 7).iloc[1:].tolist())
    assert beside["gold_macro_f1"].iloc[1:].tolist() == pytest.approx(beside["macro_f1"].iloc[1:].tolist())
    assert beside["runs"].dropna().tolist() == [2, 1, 1, 1] and (beside["rows"] == 4).all()
    assert scores["low"].isna().all(), "two positives of each label are too few for an interval"


def test_annotators_that_differ_from_gold_show_where_models_differ_from_them(tables):
    """The best run gives what is gold; both annotators see joy in the last text, where neither it nor the gold label does."""
    seen = GOLD4.copy()
    seen[3, 0] = 1
    found = tables(ann=seen, bea=seen)
    (row,) = found["disagreements"].to_dict("records")
    assert row == {
        "id": "d3",
        "label": "joy",
        "probability": 0.1,
        "predicted": 0,
        "given_by": 2,
        "annotators": 2,
        "gold": 0,
    }
    best = found["scores"].set_index("name").loc["encoder frozen"]
    assert best["gold_macro_f1"] == 1 and best["macro_f1"] == pytest.approx((4 / 5 + 1) / 2)


def test_a_text_that_one_annotator_saw_has_no_reference(tables):
    half = GOLD4.copy()
    half[2:] = np.nan
    scores = tables(ann=GOLD4, bea=half)["scores"].set_index(["texts", "name"])
    assert scores.loc[("all", ""), "rows"] == 2 and scores.loc[("all", ""), "macro_f1"] == 1


def test_what_does_not_join_counts_among_the_annotators_and_not_beside_the_models(tables):
    found = tables(["text 0", "TEXT 1!", "text 0", "new"], ann=GOLD4, bea=GOLD4)
    texts = found["texts"]
    assert texts["id"].fillna("").tolist() == ["d0", "d1", "v0", ""]
    assert texts["how"].tolist() == ["exact", "folded", "exact", "not in the study"]
    rows = found["scores"].groupby("texts")["rows"].first()
    assert rows.to_dict() == {"all": 4, "dev": 2}


def test_of_each_label_alpha_and_of_each_pair_what_they_agree_in(tables):
    table = tables(ann=GOLD4, bea=GOLD4, cat=NOTHING)["agreement"].set_index(["metric", "label", "first", "second"])
    assert table.loc[("equal", "joy", "ann", "bea"), "value"].item() == 1
    assert table.loc[("kappa", "joy", "ann", "bea"), "value"].item() == 1
    assert table.loc[("equal", "joy", "bea", "cat"), "value"].item() == 0.5
    assert table.loc[("kappa", "joy", "bea", "cat"), "value"].item() == 0
    alpha = table.xs("alpha")["value"]
    # Two of four texts have two of three answers apart: 4 unequal ordered pairs of 3 answers each; 4 of 12 answers are yes.
    assert alpha.tolist() == pytest.approx([1 - (2 * 4 / 2 / 12) / (2 * 4 * 8 / (12 * 11))] * 2)


def test_a_file_without_a_text_of_the_study_is_refused(tables):
    with pytest.raises(InputError, match="expected answers to texts of the study, found none"):
        tables(["a", "b", "c", "d"], ann=GOLD4, bea=GOLD4)


@pytest.fixture
def in_folds(experiment):
    """Two folds of one setting, each of which holds out two of the four texts; the run of the second misses joy in the third text."""
    experiment.rows.clear()
    for fold, places in ((0, [0, 1]), (1, [2, 3])):
        data, run = experiment.home / "data" / f"f{fold}", experiment.home / "runs" / f"fold-{fold}"
        for split in ("train", "validation", "test"):
            write_gold(data / f"{split}.csv", f"{split[0]}{fold}-", GOLD4)
        held_out = pd.DataFrame(GOLD4[places], columns=LABELS)
        held_out.insert(0, "text", [f"text {place}" for place in places])
        held_out.insert(0, "id", [f"d{place}" for place in places])
        write_split(held_out, data / "dev.csv")
        for split, values in (("validation", ALL_RIGHT), ("test", ALL_RIGHT), ("dev", ONE_WRONG[places])):
            ids = list(held_out["id"]) if split == "dev" else [f"{split[0]}{fold}-{number}" for number in range(4)]
            write_predictions(run / "predictions" / f"{split}.csv", ids, LABELS, values)
        write_json(run / "provenance.json", {"trainable_parameters": 1, "train_seconds": 1.0, "best_epoch": 1})
        columns = {"encoder": "small", "seed": 1, "fold": fold}
        row = {"run": run.name, "kind": "run", "folder": f"runs/{run.name}", "data": data.name}
        experiment.rows.append({**row, "columns": columns, "older": []})
    return experiment


def test_the_folds_of_a_setting_are_scored_together(in_folds, monkeypatch):
    file = in_folds.home / "answers.csv"
    people = [[who, f"text {place}", *GOLD4[place]] for who in ("ann", "bea") for place in range(4)]
    pd.DataFrame(people, columns=["who", "text", *LABELS]).to_csv(file, index=False)
    section = {"file": str(file), "reading": {"columns": {"id": None, "text": "text"}}, "annotator": "who", "clean": []}
    in_folds.write(annotators=section, columns=["encoder", "seed", "fold"], folds=2, compare={})
    in_folds.evaluate(monkeypatch)
    scores = annotator_tables(read_results(in_folds.home))["annotators/scores.csv"]
    (run,) = scores[scores["kind"] == "run"].to_dict("records")
    assert (run["runs"], run["rows"]) == (1, 4)
    assert (run["macro_f1"], run["gold_macro_f1"]) == pytest.approx(((2 / 3 + 1) / 2,) * 2)
    assert run["difference"] == pytest.approx(-1 / 6)
