"""What the report says at a glance: what was studied, the fairest score first, costs, and no certainty from few texts."""

import datetime
import re
import tomllib

import numpy as np
import pandas as pd
import pytest

from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.layout import PROJECT
from emotion_grid.evaluation.intervals import too_few
from emotion_grid.explanation.shapley import Explanation
from emotion_grid.explanation.words import Explained
from emotion_grid.report import explanation
from emotion_grid.report.figures.parts import parts_figure
from testing.made import make_experiment, write_results
from testing.pages import section_of, table_of, text_of


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("made")
    make_experiment(
        home,
        seeds=1,
        encoders=1,
        evaluation={"threshold": "global", "bootstrap": 20, "confidence": 0.95},
        files={"test": "t.csv", "train": "data/tweets.csv", "dev": "d.csv"},
        note="For the <em>pilot</em>.",
        tags=["pilot", "a & b"],
    )
    for number, path in enumerate(sorted(home.glob("runs/*/provenance.json")), 1):
        cost = {"train_seconds": 10.0 * number, "trainable_parameters": 1000 * number}
        write_json(path, {**read_json(path), **cost})
    write_results(home)
    return home


def test_first_screen_names_what_was_studied(page):
    header = page.split("<header>")[1].split('<div class="first">')[0]
    words = text_of(header)
    assert "A made-up study" in words and "For the <em>pilot</em>." in words
    assert "Encoder encoder0 (made/up)" in words
    assert "Data data/tweets.csv, d.csv, t.csv" in words
    assert "Rows 400 train, 100 validation, 200 dev, 50 test" in words
    assert "Tags pilot, a & b" in words
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    assert f"Reported {datetime.date.today()}, emotion-grid {version}" in words
    assert (
        "The best run by validation, encoder0 · mlp" in words or "The best run by validation, encoder0 · att" in words
    )


def test_answer_leads_with_test(page, home):
    summary = pd.read_csv(home / "summary.csv", dtype={"freeze": str}, keep_default_na=False)
    best = summary.loc[summary[summary["kind"] == "run"]["validation_macro_f1"].idxmax()]
    header = page.split("<header>")[1].split('<div class="first">')[0]
    assert f"reaches a macro-F1 of {best['test_macro_f1']:.3f} on test (95% interval" in text_of(header)
    assert "Nothing was chosen on test and dev." in text_of(header)
    scores = table_of(page.split('<div class="first">')[1].split("</table>")[0] + "</table>")
    assert [next(iter(row.values())).split(" (")[0] for row in scores] == ["test", "dev", "validation"]


def test_runs_without_repetitions_are_not_tested_and_the_page_says_what_would_test_them(page):
    found = text_of(page.split('<section class="found"')[1].split("</section>")[0])
    assert "not tested Baseline:" in found and "not tested Other settings: 19" in found
    assert "With 2 seeds for each setting, every difference is tested." in found
    assert (
        "no evidence" not in found
        and "95% intervals" in found
        and " to " not in found.split("Differences of macro-F1")[0]
    )
    words = {row["difference from the best"].split(" ", 1)[-1] for row in table_of(section_of(page, "all"))}
    assert words == {"not tested", ""}


def test_frozen_layers_are_said_in_words(page):
    rows = table_of(section_of(page, "all"))
    found = {(row["freeze"], row["lora"]) for row in rows if row["lora"]}
    assert found == {
        ("whole encoder trained", "none"),
        ("no layer frozen", "r=8, alpha=16"),
        ("half frozen", "none"),
        ("half frozen", "r=8, alpha=16"),
        ("encoder frozen", "none"),
    }


def test_errors_come_before_loss_curves(page):
    assert page.index('<section id="errors">') < page.index('<section id="curves">')


def test_cost_figure_has_a_mark_for_each_setting(page):
    part = section_of(page, "costs")
    figures = re.findall(r"<svg[^>]*role=\"img\".*?</svg>", part, flags=re.DOTALL)
    assert len(figures) == 2
    tables = re.findall(r'data-csv="label,kind,cost,score\n(.*?)"', part, flags=re.DOTALL)
    costs = [sorted(float(line.rsplit(",", 2)[1]) for line in table.split("\n") if line) for table in tables]
    assert costs == [[10.0 * n for n in range(1, 21)], [1000.0 * n for n in range(1, 21)]]
    assert "best baseline: tfidf" in text_of(part)


def test_matched_pairs_are_connected(page):
    freeze = section_of(page, "axes").split('data-name="freeze"')[1].split("</svg>")[0]
    lines = re.findall(r'<path [^>]*stroke-width="1"[^>]*>', freeze)
    drawn = [line for line in lines if 'opacity="0.25"' in line or 'stroke-opacity="0.25"' in line]
    assert len(drawn) >= 8, "four heads, with and without LoRA"


def test_few_texts_are_drawn_hollow_and_without_a_bar():
    sure = {"label": "fear", "value": 0.5, "low": 0.3, "high": 0.7, "caution": ""}
    rows = [sure, {**sure, "label": "joy", "low": None, "high": None, "caution": too_few(3, "texts")}]
    figure = parts_figure(rows, "precision", "label")
    svg = str(figure.__html__())
    assert svg.count('stroke-width="2.5"') == 1, "one bar, that of fear"
    assert svg.count('fill="#0072B2"') == 1, "one filled dot"
    assert ">3 texts: too few<" in svg and "joy: 0.50 (3 texts: too few for an interval)" in figure.words


def test_captions_name_no_colour(page):
    for part in re.findall(r"<figcaption.*?</figcaption>", page, flags=re.DOTALL):
        assert not re.search(r"\b(blue|orange|red|green|dark|darker|light|lighter)\b", text_of(part), re.IGNORECASE)


def test_explained_words_have_numbers_that_need_no_mouse():
    words, values = ["so", "very", "sad", "today", "again", "!"], [0.01, -0.2, 2.5, -1.25, 0.5, 0.3]
    one = Explanation(words=words, values=np.array([values]).T, base=np.zeros(1), logits=np.array([sum(values)]))
    texts = pd.DataFrame({"id": ["t1"], "text": ["so very sad today again !"], "drawn": [True]})
    gold = np.ones((1, 1))
    html = explanation.page(
        "run", Explained(texts, gold, [one], np.array([[0.9]]), np.array([0.5]), ["sadness"], "dev")
    )
    (row,) = table_of(section_of(html, "texts"))
    assert row["text"].endswith("sad +2.50 today -1.25 again +0.50 ! +0.30 very -0.20")
