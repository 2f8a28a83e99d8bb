"""Ensembles in the report: on the first screen, in the figure of all settings, and with their weights in a section of their own."""

import re

import pytest

from emotion_grid.base.files import write_json
from emotion_grid.evaluation.results import read_results
from emotion_grid.report.paper import tables
from emotion_grid.report.reading import read_study
from testing.made import made_row, make_experiment, make_texts, write_plan, write_results, write_tables
from testing.pages import section_of, text_of


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("made")
    plan = make_experiment(home, encoders=1)
    runs = [row["run"] for row in plan["rows"] if row["kind"] == "run"]
    selected = {"on": "validation", "folds": [], "rows": 100, "macro_f1": 0.8125}
    selected["weights"] = {runs[0]: 0.125, runs[1]: 0.125, runs[2]: 0.75}
    write_tables(home / "ensembles" / "greedy_1", make_texts(home), 1.5, 77)
    write_json(home / "ensembles" / "greedy_1" / "provenance.json", {"selected": {"dev": selected, "test": selected}})
    row = made_row("greedy_1", {"encoder": "greedy", "fold": None}, "ensemble")
    write_plan(home, [*plan["rows"], row], evaluation=plan["evaluation"])
    write_results(home)
    return home


def test_the_first_screen_and_the_figure_show_it_beside_the_runs(page, home):
    scores = read_results(home).summary.set_index("encoder").loc["greedy"]
    answer = text_of(page.split('class="first"')[0])
    low, high = scores["test_macro_f1_low"], scores["test_macro_f1_high"]
    assert f"An ensemble reaches {scores['test_macro_f1']:.3f} (greedy, {low:.3f} to {high:.3f})." in answer
    drawn = section_of(page, "settings")
    assert re.search(r"greedy: 0\.\d{3}", drawn), "the figure in words"
    assert 'fill="#CC79A7"' in drawn and ">ensemble</span>" in drawn
    assert re.search(r'<span class="badge plain">ensemble</span>', section_of(page, "all"))


def test_its_section_says_what_it_was_selected_on_and_the_weights_of_its_settings(page, home):
    text = text_of(section_of(page, "ensembles"))
    assert "Selected on validation, 100 texts, where it reaches a macro-F1 of 0.812" in text
    assert re.findall(r"(0\.\d\d) (\d)", text.split("weight runs")[1]) == [("0.75", "1"), ("0.25", "2")]
    table, caption = tables(read_study(read_results(home)))["ensembles"]
    assert table["weight"].tolist() == ["0.75", "0.25"] and "selected on validation" in caption


def test_a_study_without_ensembles_does_not_speak_of_them(tmp_path):
    make_experiment(tmp_path, encoders=1)
    write_results(tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'id="ensembles"' not in page and "nsemble reach" not in page
