"""Nothing of a text is ever more than a text: in CSV and Markdown."""

import csv
import io
import re

from hypothesis import given

from emotion_grid.report.cells import csv_text, markdown_cell, one_line
from testing.strategies import ANY


@given(ANY)
def test_no_cell_of_a_table_for_people_is_a_formula(text):
    header, row = csv.reader(io.StringIO(csv_text([{"text": text}]), newline=""))
    assert header == ["text"] and row[0].lstrip("\ufeff\u200b \u00a0")[:1] not in {"=", "+", "-", "@"}
    assert row[0][:1] not in {"\t", "\r"} and text.replace("\r", "\n") in (
        row[0].replace("\r", "\n"),
        row[0][1:].replace("\r", "\n"),
    )


@given(ANY)
def test_markdown_shows_a_text_on_one_line_without_markup(text):
    cell = markdown_cell(text)
    assert "\n" not in cell and "<" not in cell and not re.search(r"(?<!\\)[|`*_\[]", cell)


@given(ANY)
def test_one_line_turns_no_direction(text):
    assert not re.search("[\u202a-\u202e\u2066-\u2069\n\r\t]", one_line(text))
