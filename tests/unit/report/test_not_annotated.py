"""The report of a study in which some labels are not annotated everywhere."""

import numpy as np
import pandas as pd
import pytest

from emotion_grid.base.files import read_json, write_json
from emotion_grid.data.tables import read_split, write_split
from emotion_grid.explanation.shapley import Explanation
from emotion_grid.explanation.words import Explained
from emotion_grid.report import explanation
from testing.made import LABELS, counts, made_row, make_texts, write_plan, write_records, write_results, write_tables
from testing.pages import section_of, table_of, text_of


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Joy is annotated in every second row of dev, surprise in none; the first twenty rows of dev are not annotated at all."""
    home = tmp_path_factory.mktemp("partly")
    golds = make_texts(home)
    table = read_split(home / "data/d/dev.csv")
    table.loc[table.index % 2 == 1, "joy"], table["surprise"] = np.nan, np.nan
    table.loc[table.index < 20, LABELS] = np.nan
    write_split(table, home / "data/d/dev.csv")
    checks = read_json(home / "data/d/checks.json")
    checks["prepared"]["dev"] |= counts(table[LABELS].to_numpy(), LABELS)
    write_json(home / "data/d/checks.json", checks)
    rows = [made_row(f"run-{seed}", {"encoder": "small", "fold": None, "seed": seed}) for seed in (1, 2)]
    for seed, row in enumerate(rows):
        write_tables(home / row["folder"], golds, 1.0, seed)
        write_records(home / row["folder"])
    write_plan(home, rows, evaluation={"threshold": "global", "bootstrap": 20, "confidence": 0.95})
    write_results(home)
    return home


def test_tables_have_no_score_of_a_label_that_a_split_is_not_annotated_for(home):
    metrics = pd.read_csv(home / "metrics.csv", keep_default_na=False)
    labels = {split: set(part["label"]) - {""} for split, part in metrics.groupby("split")}
    assert labels == {"validation": set(LABELS), "dev": set(LABELS) - {"surprise"}, "test": set(LABELS)}


def test_the_page_says_how_many_rows_are_annotated(page, home):
    gold = read_split(home / "data/d/dev.csv")
    data = text_of(section_of(page, "data"))
    assert f"{int(gold['joy'].sum())} {100 * gold['joy'].mean():.0f}% of 90 annotated" in data
    assert "not annotated" in data and "of 180 annotated" in data
    rows = {row["label"]: row for row in table_of(section_of(page, "labels"))}
    assert rows["joy"]["texts with it"] == f"{int(gold['joy'].sum())} of 90"
    assert rows["anger"]["texts with it"] == f"{int(gold['anger'].sum())}"
    assert rows["surprise"]["texts with it"] == "0 of 0" and rows["surprise"]["F1"] == "–"
    assert "of 180 texts of dev have at least one wrong label" in text_of(section_of(page, "errors"))
    assert "never predicts the label surprise" not in text_of(page)


def test_no_mistake_is_shown_of_a_label_that_is_not_annotated(page):
    parts = section_of(page, "errors").split("<h3>")[1:]
    shown = [row for part in parts for row in table_of(part)]
    assert {row["label"] for row in shown} >= {"anger"} and "surprise" not in {row["label"] for row in shown}
    numbers = {
        row["label"]: {int(one["id"].split("-")[1]) for one in shown if one["label"] == row["label"]} for row in shown
    }
    assert all(number >= 20 for each in numbers.values() for number in each)
    assert all(number % 2 == 0 for number in numbers.get("joy", ()))


def test_an_explanation_of_an_unknown_label_is_no_mistake():
    """Fault: words behind mistakes that nobody can call mistakes."""
    values = np.array([[0.5, 2.0], [-0.2, 1.0]])
    one = Explanation(words=["so", "sad"], values=values, base=np.zeros(2), logits=values.sum(0))
    texts = pd.DataFrame({"id": ["t1"], "text": ["so sad"], "drawn": [True]})
    gold = np.array([[0.0, np.nan]])
    found = Explained(texts, gold, [one], np.array([[0.6, 0.9]]), np.array([0.5, 0.5]), ["joy", "disgust"], "dev")
    html = explanation.page("run", found)
    assert [row["prediction"] for row in table_of(section_of(html, "texts"))] == [
        "wrongly predicted",
        "predicted, not annotated",
    ]
    behind = text_of(section_of(html, "errors"))
    assert "joy (1 text)" in behind and "disgust" not in behind
