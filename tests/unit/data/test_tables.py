"""What a table must hold, and what survives writing and reading."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.base.messages import InputError
from emotion_grid.data.forms import Form, read_text
from emotion_grid.data.mapping import read_mapping
from emotion_grid.data.problems import explain
from emotion_grid.data.rows import write_predictions
from emotion_grid.data.tables import has_gold, match, read_predictions, read_split, read_table, split_table, write_split
from emotion_grid.data.texts import map_table

LABELS = ["joy", "fear"]


def checked(path: Path, labels: list[str], gold: bool) -> pd.DataFrame:
    """A raw file as `prepare` reads it."""
    mapped = map_table(read_text(path, Form()), read_mapping({"labels": labels}), path, gold)
    if mapped.problems:
        raise InputError(explain(path, mapped.problems))
    return split_table(mapped, labels)


GOOD = "id,text,joy,fear\na,so glad,1,0\nb,so afraid,0,1\nc,a day,0,0\n"


@pytest.fixture
def table(tmp_path):
    """Call with a file's content: the checked table."""

    def read(content: str | bytes, labels=LABELS, gold=True) -> pd.DataFrame:
        path = tmp_path / "rows.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return checked(path, labels, gold)

    return read


@pytest.fixture
def refusal(table):
    """Call with a file's content: the message with which it is refused, after the file's name."""

    def read(*arguments, **options) -> str:
        with pytest.raises(InputError) as caught:
            table(*arguments, **options)
        assert "rows.csv" in str(caught.value)
        return str(caught.value).split("rows.csv", 1)[1]

    return read


# --- reading and checking


def test_good_table_is_read(table):
    found = table(GOOD)
    assert list(found.columns) == ["id", "text", "joy", "fear"]
    assert found.to_numpy().tolist() == [["a", "so glad", 1, 0], ["b", "so afraid", 0, 1], ["c", "a day", 0, 0]]


def test_file_that_is_not_there_is_refused(tmp_path):
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(InputError, match=f"{path}: expected a file with a table, found none"):
            read_table(path)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("id,text,joy,fear\na,caf\xe9,1,0\n".encode("latin-1"), 2),
        (b"id,text,joy,fear\na,x,1,0\nb,y,0,1\nc,\xff,0,0\n", 4),
        (b'id,text,joy,fear\na,"two\nlines",1,0\nb,\x80,0,1\n', 4),
    ],
)
def test_other_encodings_are_refused_with_the_line(refusal, content, line):
    message = refusal(content)
    assert message.startswith(f", line {line}: expected UTF-8")


def test_byte_order_mark_is_accepted(table):
    assert table(GOOD.encode("utf-8-sig")).equals(table(GOOD))


def test_line_ends_of_windows_are_accepted(table):
    assert table(GOOD.replace("\n", "\r\n")).equals(table(GOOD))


@pytest.mark.parametrize("column", ["id", "text", "joy", "fear"])
def test_missing_column_is_named_with_those_found(refusal, column):
    message = refusal(GOOD.replace(column, "other", 1))
    assert f"expected the column {column}, found " in message
    assert "other" in message


def test_columns_may_stand_in_any_order_and_others_are_left_out(table):
    found = table("fear,note,text,id,joy\n1,x,so afraid,b,0\n", labels=["joy", "fear"])
    assert found.to_numpy().tolist() == [["b", "so afraid", 0, 1]]
    assert list(found.columns) == ["id", "text", "joy", "fear"]


@pytest.mark.parametrize("content", ["", "\n", "id,text,joy,fear\n"])
def test_empty_table_is_refused(refusal, content):
    assert "expected" in refusal(content)


def test_train_without_labels_is_refused_and_a_test_split_may_have_none(refusal, table):
    content = "id,text\na,x\nb,y\n"
    assert "expected the column joy" in refusal(content, gold=True)
    found = table(content, gold=False)
    assert list(found.columns) == ["id", "text", "joy", "fear"]
    assert found[LABELS].isna().all(axis=None)
    assert not has_gold(found)


def test_test_split_with_empty_label_cells_is_unlabelled(refusal, table):
    content = "id,text,joy,fear\na,x,,\nb,y,, \n"
    assert table(content, gold=False)[LABELS].isna().all(axis=None)
    assert "column joy: expected 0 or 1 in at least one row, found nothing" in refusal(content, gold=True)


def test_split_with_some_of_the_label_columns_is_refused(refusal):
    assert "expected the column fear" in refusal("id,text,joy\na,x,1\n", gold=False)


def test_an_empty_cell_is_unknown_and_not_zero(table):
    """Fault: English, which is not annotated for disgust, teaches that nothing is disgusting."""
    content = "id,text,joy,fear\na,x,1,\nb,y, ,0\nc,z,0,1\n"
    for gold in (True, False):
        found = table(content, gold=gold)
        assert found[LABELS].isna().to_numpy().tolist() == [[False, True], [True, False], [False, False]]
        assert found[LABELS].fillna(9).to_numpy().tolist() == [[1, 9], [9, 0], [0, 1]]
        assert has_gold(found)


def test_dev_may_lack_labels_and_rows_that_are_annotated(table):
    found = table("id,text,joy,fear\na,x,1,\nb,y,,\n", gold=False)
    assert found[LABELS].fillna(9).to_numpy().tolist() == [[1, 9], [9, 9]]
    assert has_gold(found)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,text,joy,fear\na,x,1,\nb,y,0,\n", ", column fear: expected 0 or 1 in at least one row, found nothing"),
        (
            "id,text,joy,fear\na,x,1,0\nb,y,,\nc,z,0,\n",
            ", row 2 (id b): expected 0 or 1 for at least one label, found ",
        ),
    ],
)
def test_train_needs_something_known_of_every_label_and_row(refusal, content, said):
    assert refusal(content).startswith(said)


@pytest.mark.parametrize("found", ["2", "-1", "y", "01", "1.5", "0.5", "nan", "NA"])
def test_label_other_than_0_or_1_is_refused_with_row_and_column(refusal, found):
    message = refusal(f'id,text,joy,fear\na,"two\nlines",1,0\nb,y,0,{found}\n')
    assert "row 2 (id b), column fear: expected 0 or 1" in message
    assert message.endswith(f"found {found}")


def test_duplicate_ids_are_refused_with_both_rows(refusal):
    message = refusal("id,text,joy,fear\na,x,1,0\nb,y,0,1\nc,z,0,0\nb,w,0,0\n")
    assert "row 4 (id b), column id" in message
    assert "row 2 again" in message


def test_ids_that_differ_as_text_are_different(table):
    assert list(table("id,text,joy,fear\n1,x,1,0\n01,y,0,1\n1.0,z,0,0\n")["id"]) == ["1", "01", "1.0"]


@pytest.mark.parametrize("id_", ["", "  "])
def test_missing_id_is_refused(refusal, id_):
    assert "row 2" in refusal(f"id,text,joy,fear\na,x,1,0\n{id_},y,0,1\n")


@pytest.mark.parametrize("text", ["", "   ", '"\n \t"'])
def test_empty_text_is_refused_with_its_row(refusal, text):
    message = refusal(f"id,text,joy,fear\na,x,1,0\nb,{text},0,1\n")
    assert "row 2 (id b), column text: expected a text" in message


@pytest.mark.parametrize("content", ["id,text,joy,fear\na,x,1,0\nb\n", "id,text\na,x\nb\n"])
def test_row_that_ends_too_early_is_refused(refusal, content):
    assert "line 3: expected" in refusal(content, gold=False)


@pytest.mark.parametrize(
    "content",
    [
        "id,text\n1,well, then\n2,so, so\n",
        "id,text\n1,fine\n2,so, so\n",
        "id,text,joy,fear\n1,well, then,0,1\n2,so, so,1,0\n",
        'id,text\n1,"open\n2,fine\n',
    ],
)
def test_commas_and_quotes_that_are_not_escaped_are_refused(refusal, content):
    assert refusal(content, gold=False)


# --- prepared splits

AWKWARD = [
    "two\nlines",
    'he said "no"',
    "a, b, c",
    "NA",
    "null",
    "None",
    "nan",
    "-",
    " lead",
    "trail ",
    "tab\there",
    "👩‍👩‍👧",
    "0",
    "a\r\nb",
    "=1+1",
    "'",
    '"',
    "#no comment",
]


def awkward() -> pd.DataFrame:
    ids = ["007", "NA", "null", "1e5", "-1", "a,b", 'q"q', "None", " x", *(f"i{n}" for n in range(len(AWKWARD) - 9))]
    return pd.DataFrame({"id": ids, "text": AWKWARD, "joy": [0.0, 1.0] * 9, "fear": [1.0] * 18})


def test_awkward_texts_and_ids_survive_writing_and_reading(tmp_path):
    write_split(awkward(), tmp_path / "train.csv")
    found = read_split(tmp_path / "train.csv")
    assert list(found["text"]) == AWKWARD
    assert list(found["id"]) == list(awkward()["id"])
    assert found[LABELS].to_numpy().tolist() == awkward()[LABELS].to_numpy().tolist()


def test_awkward_texts_and_ids_survive_checking(tmp_path):
    path = tmp_path / "raw.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text", *LABELS), *awkward().astype({"joy": int, "fear": int}).to_numpy()])
    found = checked(path, LABELS, gold=True)
    assert list(found["text"]) == AWKWARD
    assert list(found["id"]) == list(awkward()["id"])


_WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=12)


@given(st.lists(st.tuples(_WORDS, st.booleans()), min_size=1, max_size=8))
def test_any_text_survives_writing_and_reading(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    texts = [text for text, _ in rows]
    ids = [str(number) for number in range(len(rows))]
    write_split(pd.DataFrame({"id": ids, "text": texts, "joy": [float(gold) for _, gold in rows]}), path)
    found = read_split(path)
    assert list(found["text"]) == texts
    assert list(found["id"]) == ids
    assert list(found["joy"]) == [float(gold) for _, gold in rows]


@pytest.mark.parametrize("text", ["a\rb", "a\r", "\r"])
def test_lone_carriage_return_survives_writing_and_reading(tmp_path, text):
    write_split(pd.DataFrame({"id": ["1", "2"], "text": [text, "x"], "joy": [0.0, 1.0]}), tmp_path / "a.csv")
    assert list(read_split(tmp_path / "a.csv")["text"]) == [text, "x"]


def test_labels_are_written_as_0_and_1_or_left_empty(tmp_path):
    write_split(pd.DataFrame({"id": ["1", "2"], "text": ["x", "y"], "joy": [0.0, 1.0]}), tmp_path / "gold.csv")
    write_split(pd.DataFrame({"id": ["1", "2"], "text": ["x", "y"], "joy": [np.nan] * 2}), tmp_path / "blind.csv")
    with (tmp_path / "gold.csv").open(newline="") as file:
        assert [row[2] for row in csv.reader(file)] == ["joy", "0", "1"]
    with (tmp_path / "blind.csv").open(newline="") as file:
        assert [row[2] for row in csv.reader(file)] == ["joy", "", ""]
    some = pd.DataFrame({"id": ["1", "2"], "text": ["x", "y"], "joy": [np.nan, 1.0], "fear": [0.0, np.nan]})
    write_split(some, tmp_path / "some.csv")
    assert (tmp_path / "some.csv").read_text().splitlines()[1:] == ['"1","x","",0', '"2","y",1,""']
    assert read_split(tmp_path / "some.csv").equals(some)
    assert has_gold(some) and has_gold(read_split(tmp_path / "gold.csv"))
    blind = read_split(tmp_path / "blind.csv")
    assert not has_gold(blind)
    assert blind["joy"].dtype == float


def test_split_that_a_study_does_not_have_is_a_table_without_rows(tmp_path):
    write_split(pd.DataFrame({"id": ["1"], "text": ["x"], "joy": [0.0]}).iloc[:0], tmp_path / "dev.csv")
    found = read_split(tmp_path / "dev.csv")
    assert len(found) == 0
    assert list(found.columns) == ["id", "text", "joy"]
    assert not has_gold(found)


# --- prediction tables


def test_predictions_survive_writing_and_reading(tmp_path):
    values = np.random.default_rng(0).random((50, 2))
    values[:4] = [[0, 1], [1, 0], [1e-9, 1 - 1e-9], [0.5, 0.25]]
    ids = ["007", "NA", "a,b", 'q"q', *(str(n) for n in range(46))]
    write_predictions(tmp_path / "dev.csv", ids, LABELS, values)
    found = read_predictions(tmp_path / "dev.csv", LABELS)
    assert list(found.columns) == ["id", "joy", "fear"]
    assert list(found["id"]) == ids
    assert np.abs(found[LABELS].to_numpy() - values).max() < 1e-8
    assert found[LABELS].to_numpy()[[0, 1, 3]].tolist() == [[0, 1], [1, 0], [0.5, 0.25]]


def test_table_without_rows_survives_writing_and_reading(tmp_path):
    write_predictions(tmp_path / "dev.csv", [], LABELS, np.zeros((0, 2)))
    found = read_predictions(tmp_path / "dev.csv", LABELS)
    assert found.shape == (0, 3)
    assert match(found, pd.DataFrame(columns=["id", "text", *LABELS]), "dev.csv").shape == (0, 2)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("id,joy\na,0.5\n", "expected the column fear, found id, joy"),
        ("joy,fear\n0.5,0.5\n", "expected the column id"),
        (
            "id,joy,fear\na,0.5,0.5\nb,,0.5\n",
            "row 2 (id b), column joy: expected a probability from 0 to 1, found nothing",
        ),
        ("id,joy,fear\na,0.5,nan\n", "row 1 (id a), column fear: expected a probability from 0 to 1, found nan"),
        ("id,joy,fear\na,0.5,1.2\n", "row 1 (id a), column fear: expected a probability from 0 to 1, found 1.2"),
        ("id,joy,fear\na,-0.1,1\n", "row 1 (id a), column joy: expected a probability from 0 to 1, found -0.1"),
        ("id,joy,fear\na,high,1\n", "row 1 (id a), column joy: expected a probability from 0 to 1, found high"),
        ("id,joy,fear\na,0.5\n", "line 2: expected 3 cells"),
        ("id,joy,fear\na,0,1\nb,0,1\na,0,1\n", "row 3 (id a), column id"),
    ],
)
def test_predictions_of_others_are_checked(tmp_path, content, expected):
    path = tmp_path / "dev.csv"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        read_predictions(path, LABELS)
    assert str(path) in str(caught.value)
    assert expected in str(caught.value)


def test_columns_of_others_may_stand_in_any_order(tmp_path):
    (tmp_path / "dev.csv").write_text("fear,id,note,joy\n0.25,a,x,0.75\n")
    assert read_predictions(tmp_path / "dev.csv", LABELS).to_numpy().tolist() == [["a", 0.75, 0.25]]


@given(st.permutations(list("abcdef")))
def test_match_restores_the_order_of_the_gold_table(order):
    gold = pd.DataFrame({"id": list("abcdef"), "text": "x", "joy": 0.0})
    predictions = pd.DataFrame({"id": order, "joy": [ord(name) / 200 for name in order]})
    assert match(predictions, gold, "dev.csv")[:, 0].tolist() == [ord(name) / 200 for name in "abcdef"]


LACKS = "team/dev.csv, column id: expected a row for each of the 4 texts, found none for"
STRANGE = "column id: expected the id of one of the 4 texts, found another"


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ("abc", f"{LACKS} 1 of them: d"),
        ("", f"{LACKS} 4 of them: a, b, c, d"),
        ("abcde", f"team/dev.csv, row 5 (id e), {STRANGE}"),
        ("abce", f"team/dev.csv, row 4 (id e), {STRANGE}"),
    ],
)
def test_match_refuses_other_ids_and_names_them(ids, said):
    gold = pd.DataFrame({"id": list("abcd"), "text": "x", "joy": 0.0})
    predictions = pd.DataFrame({"id": list(ids), "joy": [0.5] * len(ids)})
    with pytest.raises(InputError) as caught:
        match(predictions, gold, "team/dev.csv")
    assert str(caught.value) == said
