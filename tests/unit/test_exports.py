"""Nothing of a text is ever more than a text: in CSV, LaTeX, Markdown and HTML."""

import csv
import io
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.evaluation import mistakes as errors
from emotion_grid.report.cells import csv_text, markdown_cell, one_line
from emotion_grid.report.latex import PAGE_LINES, latex_cell, latex_table
from scripts import compare, evaluate, paper, report
from tests.made import HOSTILE, make_experiment, run_program

ANY = st.text() | st.sampled_from(HOSTILE)


@given(ANY)
def test_no_cell_of_a_table_for_people_is_a_formula(text):
    header, row = csv.reader(io.StringIO(csv_text([{"text": text}]), newline=""))
    assert header == ["text"] and row[0].lstrip("\ufeff\u200b \u00a0")[:1] not in {"=", "+", "-", "@"}
    assert row[0][:1] not in {"\t", "\r"} and text.replace("\r", "\n") in (
        row[0].replace("\r", "\n"),
        row[0][1:].replace("\r", "\n"),
    )


@given(ANY)
def test_latex_reads_no_command_of_a_text(text):
    left = re.sub(r"\\beyondlatin\{[^{}\\]+\}\{(\{\[\}[\w -]+\{\]\}|\\wordbox\{\})*\}", "", latex_cell(text))
    left = re.sub(
        r"\\(text(backslash|ascii(tilde|circum|grave)|less|greater|bar)\{\}|[&%$#_{}]|symbol\{34\}|hspace\{0pt\})",
        "",
        left,
    )
    left = re.sub(r"\$(\\(star|approx|pm|ll|gg)|-)\$|\{\[\}|\{\*\}|(?<=[-',])\{\}(?=[-',])", "", left)
    assert not re.search(r"[\\&%$#_{}~^\[*\n\r]", left)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("naïve Ş “quoted” – …", "naïve Ş “quoted” – …"),
        ("e\u0301", "é"),
        ("so \U0001f621", "so \\beyondlatin{\U0001f621}{{[}pouting face{]}}"),
        ("\U0001f44d\U0001f3fd", "\\beyondlatin{\U0001f44d\U0001f3fd}{{[}thumbs up sign{]}}"),
        ("Так!", r"\beyondlatin{Так}{\wordbox{}}!"),
        ("-- ''", "-{}- '{}'"),
        ("w" * 21, "w" * 20 + r"\hspace{0pt}w"),
    ],
)
def test_latex_has_words_for_what_its_fonts_lack(text, expected):
    assert latex_cell(text) == expected


@given(ANY)
def test_markdown_shows_a_text_on_one_line_without_markup(text):
    cell = markdown_cell(text)
    assert "\n" not in cell and "<" not in cell and not re.search(r"(?<!\\)[|`*_\[]", cell)


@given(ANY)
def test_one_line_turns_no_direction(text):
    assert not re.search("[\u202a-\u202e\u2066-\u2069\n\r\t]", one_line(text))


def test_a_row_of_latex_never_begins_with_an_argument():
    table = latex_table(pd.DataFrame({"a": ["[5cm]", "*"], "b": ["1", "-2.5"]}), "50% of $x", "tab:x")
    assert "\n{[}5cm] & 1 " in table and "\n{*} & $-$2.5" in table
    assert r"\caption{50\% of \$x}" in table and "{lr}" in table


def test_a_long_table_is_several_and_a_wide_one_breaks_its_words():
    rows = pd.DataFrame({"a": [f"a setting of some words {row}" for row in range(PAGE_LINES + 1)], "b": "1.0"})
    table = latex_table(rows, "Words.", "tab:x")
    assert table.count(r"\begin{table}") == 2 and r"\label{tab:x-2}" in table and "Words. Part 2 of 2." in table
    wide = latex_table(rows.assign(c=rows["a"], d=rows["a"]), "Words.", "tab:x")
    assert wide.count("X") == 3 * wide.count(r"\begin{table*}") > 0


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    home = tmp_path_factory.mktemp("made")
    make_experiment(home, seeds=1)
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    run_program(compare, "--results", home)
    return home


def test_a_paper_gets_every_table_and_figure(made):
    run_program(paper, "--results", made, "--output", made / "paper")
    names = {path.stem for path in (made / "paper" / "tables").glob("*.tex")}
    assert names == {path.stem for path in (made / "paper" / "tables").glob("*.md")}
    assert names == {"settings", "effects", "labels", "mistakes"}
    figures = list((made / "paper" / "figures").glob("*.pdf"))
    assert len(figures) > 10 and all(path.read_bytes().startswith(b"%PDF") for path in figures)


def test_no_text_reaches_the_report_as_markup(made, monkeypatch):
    monkeypatch.setattr(errors, "MOST_MISTAKES", 500)
    run_program(report, "--results", made)
    page = (made / "report.html").read_text()
    body = page[page.index("<body>") :]
    assert "&lt;script&gt;document.title" in body, "hostile texts are among the mistakes"
    for text in ("<img", "<iframe", "<h1>out", "<script>window", "<script>document", "<style>", "<a href='java"):
        assert text not in body
    assert body.count("<script>") == 1
