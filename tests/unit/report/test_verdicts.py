"""Verdicts as a reader of the report and the paper finds them, on made-up studies whose right verdicts are known."""

import itertools
import re

import numpy as np
import pandas as pd
import pytest

from emotion_grid.data.rows import write_predictions
from emotion_grid.evaluation.results import read_results
from emotion_grid.report.paper import tables
from emotion_grid.report.reading import read_study
from testing.made import (
    LABELS,
    made_row,
    make_experiment,
    make_texts,
    write_plan,
    write_records,
    write_results,
    write_tables,
)
from testing.pages import section_of, table_of, text_of

COLUMN = "difference from the best"


@pytest.fixture(scope="module")
def clear(tmp_path_factory):
    """encoder1 is much better than encoder0, which is much better than the baselines; heads and freezes make no difference."""
    home = tmp_path_factory.mktemp("clear")
    make_experiment(home, effect=2.0, evaluation={"threshold": "global", "bootstrap": 50, "confidence": 0.95})
    write_results(home)
    return home


@pytest.fixture(scope="module")
def lucky(tmp_path_factory):
    """As `clear`, but validation favours one setting of the worse encoder: the best run is worse than most on dev.

    Thresholds tuned on such a validation would make this setting truly different from others of its encoder, so they are fixed.
    """
    home = tmp_path_factory.mktemp("lucky")
    make_experiment(home, effect=2.0, evaluation={"threshold": "fixed", "bootstrap": 50, "confidence": 0.95})
    gold = pd.read_csv(home / "data" / "d" / "validation.csv", dtype={"id": str})
    perfect = np.where(gold[LABELS].to_numpy() > 0.5, 0.9, 0.1)
    for run in home.glob("runs/encoder0_mlp-2x_freeze-half_full_seed-*"):
        write_predictions(run / "predictions" / "validation.csv", list(gold["id"]), LABELS, perfect)
    write_results(home)
    return home


def rows_of(home):
    return table_of(section_of((home / "report.html").read_text(encoding="utf-8"), "all"))


def verdicts_of(rows):
    """What the column says, without its number, by the start of a run's name."""
    found = {}
    for row in rows:
        found.setdefault(row["run"].split("_")[0], set()).add(re.sub(r"^[-+][\d.]+ ", "", row[COLUMN]))
    return found


def test_worse_rows_are_called_lower_with_a_number_below_zero(clear):
    rows = rows_of(clear)
    assert verdicts_of(rows) == {
        "encoder1": {"no evidence of a difference", ""},
        "encoder0": {"significantly lower"},
        "tfidf": {"significantly lower"},
        "most-frequent": {"significantly lower"},
    }
    best = next(row for row in rows if row["rank"].startswith("★"))
    assert best[COLUMN] == "", "the best run has no difference from itself"
    for row in rows:
        if row[COLUMN].endswith("lower"):
            assert float(row[COLUMN].split()[0]) < -0.1
            assert row["dev macro-F1"] < best["dev macro-F1"]


def test_better_rows_are_called_higher_with_a_number_above_zero(lucky):
    rows = rows_of(lucky)
    (best,) = (row for row in rows if row["rank"].startswith("★"))
    assert (best["encoder"], best["head type"], best["freeze"]) == ("encoder0", "mlp", "half frozen")
    found = verdicts_of(rows)
    assert found["encoder1"] == {"significantly higher"}
    assert found["encoder0"] == {"no evidence of a difference", ""}
    assert found["tfidf"] == found["most-frequent"] == {"significantly lower"}
    assert all(float(row[COLUMN].split()[0]) > 0.1 for row in rows if row["encoder"] == "encoder1")


def marks_of(labels_and_marks):
    """The marks of the rows whose label starts with an encoder's or a baseline's name."""
    found = {}
    for label, mark in labels_and_marks:
        found.setdefault(label.removeprefix("★ ").split(" · ")[0], set()).add(mark)
    return found


@pytest.mark.parametrize(
    "name, expected",
    [
        ("clear", {"encoder1": {"≈", ""}, "encoder0": {"↓"}, "tfidf": {"↓"}, "most-frequent": {"↓"}}),
        ("lucky", {"encoder1": {"↑"}, "encoder0": {"≈", ""}, "tfidf": {"↓"}, "most-frequent": {"↓"}}),
    ],
)
def test_figure_and_paper_mark_rows_from_their_own_side(name, expected, request):
    home = request.getfixturevalue(name)
    part = section_of((home / "report.html").read_text(encoding="utf-8"), "settings")
    wide = part.split('<div class="wide">')[1].split("</svg>")[0]
    texts = re.findall(r"<text[^>]*>([^<]+)</text>", wide)
    labels = [text for text in texts if " · " in text or text in ("tfidf", "most-frequent")]
    values = [text for text in texts if " ± " in text or re.fullmatch(r"0\.\d{3}( \W)?", text)]
    assert len(labels) == len(values) == 42
    found = marks_of((label, re.sub(r"[\d.± ]", "", value)) for label, value in zip(labels, values, strict=True))
    assert found == expected
    keys = text_of(part.split("<figcaption>")[0])
    words = {
        "↓": "significantly lower than ★",
        "↑": "significantly higher than ★",
        "≈": "no evidence of a difference from ★",
    }
    shown = set().union(*expected.values())
    assert {mark for mark, text in words.items() if f"{mark} {text}" in keys} == shown - {""}

    table, caption = tables(read_study(read_results(home)))["settings"]
    marks = marks_of(
        (row["encoder"], row.iloc[-1].split()[-1] if row.iloc[-1][-1] in "↓↑≈" else "") for _, row in table.iterrows()
    )
    assert marks == expected and "↓, ↑: significantly lower or higher than it" in caption


def test_first_screen_compares_with_the_higher_side_first(clear):
    page = (clear / "report.html").read_text(encoding="utf-8")
    found = text_of(page.split('<section class="found"')[1].split("</section>")[0])
    assert "significant Baseline: encoder1" in found and "vs. tfidf: +0." in found
    assert re.search(r"significant encoder: encoder1 vs\. encoder0: \+0\.\d+", found)
    assert "−" not in found and "vs. encoder1" not in found
    assert re.search(
        r"no evidence of a difference freeze: .* a difference of 0\.\d{3} would probably have been found", found
    )
    assert re.search(r"half of it with \d+ times as many (seeds|texts)", found)
    (like,) = re.findall(r"Most like this study in the table of docs/report\.md: (.*)", found)
    assert like.startswith(
        "16 settings, 3 seeds, 115 rows, where 0.030 of simulated studies without true differences made"
    )


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    """Batch size and epochs change only together and make a large difference; a head's size depends on its type."""
    home = tmp_path_factory.mktemp("joined")
    golds, rows = make_texts(home), []
    for (batch, epochs), (head, size), seed in itertools.product(
        [("16", "6"), ("32", "3")], [("mlp", "1x"), ("mlp", "2x"), ("attention", "128")], (1, 2)
    ):
        name = f"bs-{batch}_{head}-{size}_seed-{seed}"
        columns = {"encoder": "small", "head_type": head, "head_size": size, "batch_size": batch, "epochs": epochs}
        rows.append(made_row(name, {**columns, "fold": None, "seed": seed}))
        write_tables(home / "runs" / name, golds, 3.0 if batch == "16" else 1.0, len(rows))
        write_records(home / "runs" / name)
    write_plan(home, rows, evaluation={"threshold": "global", "bootstrap": 50, "confidence": 0.95})
    write_results(home)
    return home


def test_axes_that_change_together_are_named_as_one(joined):
    page = (joined / "report.html").read_text(encoding="utf-8")
    found = text_of(page.split('<section class="found"')[1].split("</section>")[0])
    assert "significant batch size and epochs together: 16 (epochs 6) vs. 32 (epochs 3): +0." in found
    assert "not separable head type and head size together:" in found
    effects = section_of(page, "axes")
    titles = re.findall(r'<figcaption class="top">(.*?)</figcaption>', effects, flags=re.DOTALL)
    assert {text_of(title).split(" these")[0] for title in titles} == {
        "batch size and epochs together",
        "head type",
        "head size",
    }
    lines = [text_of(line) for line in re.findall(r"<li>.*?</li>", effects, flags=re.DOTALL)]
    assert [line for line in lines if "attention vs. mlp" in line or "mlp vs. attention" in line]
    for line in lines:
        if "128" in line.split("+0.")[0] or "attention" in line.split("+0.")[0]:
            assert "head type and head size together: " in line or "head size and head type together: " in line

    table, caption = tables(read_study(read_results(joined)))["effects"]
    assert "axes named together change together" in caption
    axes = set(table["axis"])
    assert {"batch size and epochs together", "head type and head size together"} <= axes
    assert not {"batch size", "epochs", "head type"} & axes, "no axis is named alone that never changes alone"
    assert {"16 (epochs 6)", "32 (epochs 3)"} in [set(row) for row in table[["first", "second"]].to_numpy()]
