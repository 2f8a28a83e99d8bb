"""What a config's `data` makes of a file's cells: ids, texts and labels, and what is said of rows that cannot be used."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.base.messages import InputError
from emotion_grid.data.forms import Table
from emotion_grid.data.labels import entries
from emotion_grid.data.mapping import read_mapping
from emotion_grid.data.problems import Problem, explain, visible
from emotion_grid.data.texts import map_table

JOY_FEAR = ["joy", "fear"]


def mapped(lines: str, gold: bool = True, names=JOY_FEAR, **reading):
    """A table (cells between bars) as it is mapped."""
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in lines.strip().splitlines()]
    return map_table(Table(header, rows, ""), read_mapping({"labels": names, "reading": reading}), "a.csv", gold)


def said(*arguments, **options) -> list[str]:
    """What is wrong with a table."""
    return [str(problem) for problem in mapped(*arguments, **options).problems]


# --- labels


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1", 1), ("1.0", 1), ("1.00", 1), ("True", 1), ("yes", 1), ("0", 0), ("0.0", 0), ("FALSE", 0), ("No", 0)],
)
def test_what_plainly_is_1_or_0_is_read_so(cell, value):
    assert mapped(f"id|text|joy|fear\na|x|{cell}|0").values == [[value, 0]]


def test_a_label_unites_columns_and_takes_other_names():
    lines = "id|text|amusement|bliss|fright\na|x|0|1|0\nb|y|0|0|1\nc|z|1|1|0"
    found = mapped(lines, labels={"joy": ["amusement", "bliss"], "fear": ["fright"]})
    assert found.values == [[1, 0], [0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("joy", [1, 0]),
        ("0", [1, 0]),
        ("1.0", [0, 1]),
        ("0,2", [1, 0]),
        ("joy; fear", [1, 1]),
        ('["joy", "none"]', [1, 0]),
        ("['fear']", [0, 1]),
        ("[0 2]", [1, 0]),
        ("[]", [0, 0]),
        ('{"choices": ["joy", "fear"]}', [1, 1]),
        ("none", [0, 0]),
    ],
)
def test_a_label_column_holds_a_name_a_number_or_a_list(cell, values):
    lines = Table(["id", "text", "emotions"], [["a", "x", cell]], "")
    reading = {"label_column": "emotions", "classes": ["joy", "fear", "none"]}
    found = map_table(lines, read_mapping({"labels": JOY_FEAR, "reading": reading}), "a.csv", gold=True)
    assert (found.problems, found.values) == ([], [values])


def test_a_name_that_holds_commas_is_one_entry():
    assert entries("joy, or happiness", {"joy, or happiness"}) == ["joy, or happiness"]
    assert entries(" joy , fear ") == ["joy", "fear"]


@pytest.mark.parametrize(
    ("cell", "found"), [("3", "3"), ("-1", "-1"), ("Joy", "Joy"), ("joy,sadness", "sadness"), ("1.5", "1.5")]
)
def test_a_class_that_is_none_is_named(cell, found):
    reading = {"label_column": "c", "classes": ["joy", "fear", "none"]}
    (line,) = said(f"id|text|c\na|x|{cell}", **reading)
    assert line == f"row 1 (id a), column c: expected one of joy, fear, none, or a number from 0 to 2, found {found}"


def test_numbers_without_a_list_of_classes_are_refused():
    (line,) = said("id|text|c\na|x|0", label_column="c")
    assert line == "row 1 (id a), column c: expected one of joy, fear, found 0"


@pytest.mark.parametrize(("cell", "value"), [("0", 0), ("0.99", 0), ("1", 1), ("3", 1), ("-2", 0), ("1e0", 1)])
def test_intensities_count_from_a_value_on(cell, value):
    assert mapped(f"id|text|joy|fear\na|x|{cell}|0", positive_from=1.0).values == [[value, 0]]


@pytest.mark.parametrize("cell", ["yes", "high", "nan", "1,5"])
def test_an_intensity_is_a_number(cell):
    (line,) = said(f"id|text|joy|fear\na|x|{cell}|0", positive_from=1.0)
    assert line.endswith(f"column joy: expected a number, or nothing where the label is not annotated, found {cell}")


def test_values_that_mean_unlabelled_replace_the_empty_cell():
    lines = "id|text|joy|fear\na|x|NONE|NONE\nb|y|NONE|NONE"
    assert mapped(lines, gold=False, unlabelled=["NONE"]).values == [[None, None]] * 2
    assert said(lines, gold=False)[0].endswith(
        "expected 0 or 1, or nothing where the label is not annotated, found NONE"
    )
    lines = "id|text|c\na|x|NONE\nb|y|\nc|z|joy"
    found = mapped(lines, gold=False, label_column="c", unlabelled=["NONE"])
    assert found.values == [[None, None], [0, 0], [1, 0]]


def test_what_is_not_annotated_is_unknown_and_a_row_of_train_without_any_label_is_named():
    lines = "id|text|joy|fear\na|x|1|\nb|y|0|1\nc|z||0\nd|w||\ne|v||"
    assert mapped(lines, gold=False).values == [[1, None], [0, 1], [None, 0], [None, None], [None, None]]
    end = ": expected 0 or 1 for at least one label, found nothing; fill the row in or remove it"
    assert said(lines) == [f"row 4 (id d){end}", f"row 5 (id e){end}"]
    assert mapped(lines).ids == ["a", "b", "c"]


def test_a_label_of_which_train_knows_nothing_is_refused():
    with pytest.raises(InputError, match=r"^a\.csv, column fear: expected 0 or 1 in at least one row, found nothing$"):
        mapped("id|text|joy|fear\na|x|1|\nb|y|0|")


# --- ids and texts


def test_rows_are_numbered_where_there_are_no_ids():
    found = mapped("text|joy|fear\nx|1|0\nx|0|1", columns={"id": None})
    assert found.ids == ["1", "2"]


def test_a_template_joins_columns():
    found = mapped("id|title|body|joy|fear\na|News|all well|1|0\nb||only|0|0", columns={"text": "{title}: {body}"})
    assert found.texts == ["News: all well", ": only"]


def test_a_template_does_not_fill_what_a_cell_holds():
    """Fault: a text that holds braces takes in another column."""
    assert mapped("id|a|b|joy|fear\n1|{b}|secret|1|0", columns={"text": "{a}"}).texts == ["{b}"]


@pytest.mark.parametrize(
    ("reading", "column"),
    [
        ({"columns": {"id": "key"}}, "key"),
        ({"columns": {"text": "body"}}, "body"),
        ({"columns": {"text": "{text} {title}"}}, "title"),
        ({"label_column": "emotion"}, "emotion"),
        ({"labels": {"joy": ["bliss"]}}, "bliss"),
        ({"label_column": "joy", "raters": {"unite": "majority", "columns": ["r1"]}}, "r1"),
    ],
)
def test_a_column_that_is_not_there_is_named(reading, column):
    with pytest.raises(InputError, match=rf"^a\.csv: expected the column {column}, found id, text, joy, fear; "):
        mapped("id|text|joy|fear\na|x|1|0", **reading)


# --- what is wrong


def test_everything_that_is_wrong_is_said_with_its_row():
    lines = "id|text|joy|fear\na|x|1|0\na|y|0|0\n|z|1|0\nd||1|0\ne|x|2|maybe\nf|x|1\ng|x|1|0"
    assert said(lines) == [
        "row 2 (id a), column id: expected ids that are unique, found the id of row 1 again",
        "row 3, column id: expected an id, found none",
        "row 4 (id d), column text: expected a text, found none",
        "row 5 (id e), column joy: expected 0 or 1, or nothing where the label is not annotated, found 2",
        "row 5 (id e), column fear: expected 0 or 1, or nothing where the label is not annotated, found maybe",
        "row 6 (id f): expected 4 cells (id, text, joy, fear), found 3; a text that holds the separator or quotes "
        "stands in double quotes",
    ]
    assert mapped(lines).ids == ["a", "g"]


def test_the_first_20_of_many_are_listed_with_their_number():
    problems = [Problem(row, f"i{row}", "joy", "0 or 1", "2") for row in range(1, 31)]
    first, *lines = explain("a.csv", problems).splitlines()
    assert first == "a.csv: 30 bad rows; the first 20 problems"
    assert lines == [f"  {problem}" for problem in problems[:20]]
    assert explain("a.csv", problems[:1]) == "a.csv, row 1 (id i1), column joy: expected 0 or 1, found 2"


@given(st.text())
def test_nothing_of_a_file_can_break_a_line_of_a_log(text):
    shown = visible(text)
    assert shown.isprintable() or shown == ""
    assert len(shown) <= 60 * len("\\U0001f600")
    shown.encode()


def test_half_a_character_is_refused():
    table = Table(["id", "text", "joy", "fear"], [["a", "x\ud83d", "1", "0"]], "")
    (problem,) = map_table(table, read_mapping({"labels": JOY_FEAR}), "a", gold=True).problems
    assert str(problem) == "row 1 (id a), column text: expected characters of Unicode, found half of one (\\ud83d)"


# --- raters


@pytest.mark.parametrize(("unite", "values"), [("majority", [0, 1]), (0.3, [1, 1]), (0.5, [0, 1]), (1, [0, 0])])
def test_raters_are_united_by_majority_or_share(unite, values):
    lines = "id|text|joy|fear\na|x|1|1\na|x|0|1\nb|y|0|0\na|x|0|0"
    found = mapped(lines, raters={"unite": unite})
    assert (found.ids, found.rows) == (["a", "b"], [1, 3])
    assert found.values == [values, [0, 0]]


def test_half_of_the_raters_are_no_majority():
    assert mapped("id|text|joy|fear\na|x|1|0\na|x|0|0", raters={"unite": "majority"}).values == [[0, 0]]


def test_raters_that_say_nothing_do_not_count():
    lines = "id|text|joy|fear\na|x|1|0\na|x|1|0\na|x||\na|x||\na|x||"
    assert mapped(lines, raters={"unite": "majority"}).values == [[1, 0]]


def test_rows_of_one_text_are_united_where_there_are_no_ids():
    found = mapped(
        "text|c\nx|joy\ny|fear\nx|fear\nx|joy", columns={"id": None}, label_column="c", raters={"unite": 0.3}
    )
    assert (found.ids, found.texts, found.values) == (["1", "2"], ["x", "y"], [[1, 1], [0, 1]])


def test_one_id_with_two_texts_is_refused():
    (line,) = said("id|text|joy|fear\na|x|1|0\na|y|1|0", raters={"unite": "majority"})
    assert line == "row 2 (id a), column text: expected the text of row 1, which has the same id, found another"


def test_a_row_for_each_text_and_class_with_a_column_for_each_rater():
    lines = "id|text|c|r1|r2|r3\na|x|joy|2|1|0\na|x|glee|0|0|3\na|x|fear|0||1\nb|y|joy|0|0|0\nb|y|glee|0|0|0\nb|y|fear|1|1|0"
    reading = {"label_column": "c", "positive_from": 1.0, "labels": {"joy": ["joy", "glee"]}}
    found = mapped(lines, raters={"unite": "majority", "columns": ["r1", "r2", "r3"]}, **reading)
    assert found.values == [[1, 0], [0, 1]], (
        "a's joy by three raters, each through one of its classes; one of two fears"
    )
    assert mapped(lines, raters={"unite": 1, "columns": ["r1", "r2", "r3"]}, **reading).values == [[1, 0], [0, 0]]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=12), st.floats(0.05, 1))
def test_share_of_raters_against_counting(answers, share):
    lines = "id|text|joy\n" + "\n".join(f"{key}|text {key}|{int(given)}" for key, given in answers)
    found = mapped(lines, names=["joy"], raters={"unite": share})
    for key, (value,) in zip(found.ids, found.values, strict=True):
        given_by = [given for other, given in answers if other == key]
        wanted = math.ceil(share * len(given_by) - 1e-6)
        assert value == (sum(given_by) >= wanted)


def test_classes_may_be_numbers_of_names_that_are_digits():
    found = mapped("id|text|c\na|x|1", names=["low"], label_column="c", classes=["1", "0"], labels={"low": ["1"]})
    assert found.values == [[1]], "a name counts before a number"


def test_an_empty_table_is_refused():
    with pytest.raises(InputError, match=r"a\.csv: expected at least one row, found none"):
        map_table(Table(["id"], [], ""), read_mapping({"labels": ["x"]}), Path("a.csv"), gold=False)


def test_rows_of_the_same_cells_are_read_once_but_complained_of_each():
    lines = "id|text|joy|fear\na|x|1|0\nb|x|1|0\nc|x|2|0\nd|x|2|0\ne|x| 1 |0"
    found = mapped(lines)
    assert found.values == [[1, 0]] * 3 and found.values[0] is not found.values[1]
    assert [problem.row for problem in found.problems] == [3, 4]
