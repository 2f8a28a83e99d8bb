"""Nothing of a text is ever more than a text in LaTeX, and tables that fit their page."""

import re

import pandas as pd
import pytest
from hypothesis import given

from emotion_grid.report.latex import PAGE_LINES, latex_cell, latex_table
from testing.strategies import ANY


@given(ANY)
def test_latex_reads_no_command_of_a_text(text):
    left = re.sub(r"\\beyondlatin\{[^{}\\]+\}\{(\{\[\}[\w -]+\{\]\}|\\wordbox\{\})*\}", "", latex_cell(text))
    left = re.sub(
        r"\\(text(backslash|ascii(tilde|circum|grave)|less|greater|bar)\{\}|[&%$#_{}]|symbol\{34\}|hspace\{0pt\})",
        "",
        left,
    )
    left = re.sub(r"\$(\\(star|approx|pm|downarrow|uparrow|ll|gg)|-)\$|\{\[\}|\{\*\}|(?<=[-',])\{\}(?=[-',])", "", left)
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
