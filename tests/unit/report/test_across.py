"""The report on several data sets: the mean first, every set with its score and the way to its own report, texts escaped."""

import pandas as pd
import pytest

from scripts import compare_sets, evaluate, report_sets
from testing.made import make_experiment, run_program
from testing.pages import section_of, table_of, text_of

NAMES = ("eng", "a.b-c", "swe")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("made")
    for name in NAMES:
        folder = home / "sets" / name
        encoders = 1 if name == "swe" else 2
        changes = {
            "evaluation": {"threshold": "global", "bootstrap": 20, "confidence": 0.95},
            "note": "For the <em>pilot</em>.",
        }
        make_experiment(folder, encoders=encoders, **changes)
        run_program(evaluate, "--plan", folder / "plan.json", "--output", folder)
    run_program(compare_sets, "--results", home, "--sets", *NAMES)
    run_program(report_sets, "--results", home, "--sets", *NAMES, "--title", "Languages & <b>more</b>")
    return home


@pytest.fixture(scope="module")
def page(home):
    return (home / "report.html").read_text(encoding="utf-8")


def test_texts_are_shown_and_never_markup(page):
    assert "Languages &amp; &lt;b&gt;more&lt;/b&gt;" in page and "For the &lt;em&gt;pilot&lt;/em&gt;." in page


def test_every_set_stands_with_its_scores_and_leads_to_its_report(home, page):
    sets = pd.read_csv(home / "sets.csv", dtype=str, keep_default_na=False)
    rows = table_of(section_of(page, "sets"))
    assert [row["data set"] for row in rows] == list(NAMES)
    settings = [row["setting"] for row in table_of(section_of(page, "settings"))]
    best = next(name for name in settings if name.startswith("★")).removeprefix("★ ")
    assert best in page.split('<p class="answer">')[1].split("</p>")[0]
    assert rows[0]["of tfidf"] == f"{float(sets.loc[sets['encoder'] == 'tfidf', 'dev_macro_f1:eng'].iloc[0]):.3f}"
    for name in NAMES:
        assert f'href="sets/{name}/report.html"' in page


def test_the_mean_stands_first_and_a_set_that_a_setting_was_not_run_on_is_empty(home, page):
    rows = table_of(section_of(page, "settings"))
    assert list(rows[0]) == ["setting", "mean", *NAMES]
    sets = pd.read_csv(home / "sets.csv", dtype=str, keep_default_na=False)
    for row in rows:
        if row["setting"] == "tfidf":
            means = sets.loc[sets["encoder"] == "tfidf", "dev_macro_f1_mean"].astype(float)
            assert row["mean"] == f"{means.iloc[0]:.3f}"
        if row["setting"].startswith("encoder1"):
            assert row["swe"] == "–" and "on 2 sets" in row["setting"]


def test_verdicts_and_warnings_are_those_of_the_study_as_a_whole(page):
    text = text_of(page)
    assert "averaged over the data sets" in text
    assert "20 settings were not run on every data set" in text
    assert "encoder: encoder1 vs. encoder0:" in text
