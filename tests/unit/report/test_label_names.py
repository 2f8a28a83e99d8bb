"""Labels of any name in the tables of scores, the report, the paper's tables, the model card and the page of explanations."""

import re

import numpy as np
import pandas as pd
import pytest

from emotion_grid.base.files import read_json, write_json
from emotion_grid.evaluation.results import read_metrics, read_results
from emotion_grid.explanation.explaining import choose
from emotion_grid.explanation.shapley import Explanation
from emotion_grid.explanation.words import Explained
from emotion_grid.report import explanation
from emotion_grid.report.latex import latex_table
from emotion_grid.report.reading import read_study
from emotion_grid.report.sections import labels as section
from scripts import compare, evaluate, keep_models, report
from testing.made import made_row, make_texts, run_program, write_plan, write_records, write_tables
from testing.names import AS_LABELS
from testing.pages import section_of, table_of, text_of


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("names")
    golds = make_texts(home, AS_LABELS)
    write_tables(home / "runs" / "one", golds, 1.0, 1, AS_LABELS)
    write_records(home / "runs" / "one")
    write_plan(home, [made_row("one", {"encoder": "NA", "fold": None, "seed": 1})], labels=AS_LABELS)
    spec = {**read_json(home / "runs" / "one" / "spec.json")["data"], "labels": AS_LABELS}
    write_json(home / "data" / "d" / "spec.json", {**spec, "drop": []})
    (home / "runs" / "one" / "model").mkdir()
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    run_program(compare, "--results", home)
    run_program(keep_models, "--results", home)
    run_program(report, "--results", home)
    return home


def test_scores_are_kept_by_label(home):
    metrics = read_metrics(home)
    assert set(metrics["label"]) == {"", *AS_LABELS}
    assert len(metrics[(metrics["label"] == "") & (metrics["metric"] == "macro_f1")]) == 6, "3 splits, 2 thresholds"


def test_the_report_shows_every_label_by_its_name(home):
    page = (home / "report.html").read_text(encoding="utf-8")
    rows = table_of(section_of(page, "labels").split("<table")[-1].join(["<table", ""]))
    assert [row["label"] for row in rows] == AS_LABELS and all(row["F1"] for row in rows)
    assert "a<b>" in text_of(section_of(page, "data")) and "a<b>" not in page


def test_a_card_scores_the_whole_and_no_label(home):
    """Fault: rows of a label called None or NA stood in the model card as if they were those of all labels."""
    card = (home / "runs" / "one" / "model" / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| (\w+) \| macro_f1 \|", card, flags=re.MULTILINE)
    assert lines == ["validation", "dev", "test"]
    assert len(re.findall(r"^\| \w+ \| (f1|precision|recall) \|", card, flags=re.MULTILINE)) == 0
    assert len(re.findall(r"^\| \w+ \| average_precision \|", card, flags=re.MULTILINE)) == 3


def test_a_paper_names_every_label(home):
    table, caption = section.tables(read_study(read_results(home)))["labels"]
    assert list(table["label"]) == AS_LABELS
    lines = latex_table(table, caption, "t").splitlines()
    assert sum(line.endswith(r" \\") for line in lines) == len(AS_LABELS) + 1, "a head, and a line for each label"


def test_an_explanation_of_labels_named_as_its_own_columns_shows_their_gold_labels():
    """Fault: gold labels of labels called place and drawn were overwritten."""
    labels = ["place", "drawn", "None"]
    one = Explanation(words=["x"], values=np.zeros((1, 3)), base=np.zeros(3), logits=np.zeros(3))
    texts = choose(pd.DataFrame({"id": ["t1"], "text": ["x"]}), np.zeros(1), 5)
    gold, probabilities = np.array([[1.0, 0.0, 1.0]]), np.array([[0.9, 0.9, 0.1]])
    html = explanation.page("run", Explained(texts, gold, [one], probabilities, np.full(3, 0.5), labels, "dev"))
    found = {row["label"]: row["prediction"] for row in table_of(section_of(html, "texts"))}
    assert found == {"place": "correct", "drawn": "wrongly predicted", "None": "missed"}
