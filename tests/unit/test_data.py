"""Data: what a table must hold, how texts are cleaned, how rows are cut into parts, and what prepare writes."""

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.base.cli import run_program
from emotion_grid.base.digests import file_digest
from emotion_grid.base.files import write_json
from emotion_grid.base.messages import InputError
from emotion_grid.data.cleaning import STEPS, clean
from emotion_grid.data.preparation import prepare
from emotion_grid.data.rows import write_predictions
from emotion_grid.data.splitting import fold_numbers, validation_rows
from emotion_grid.data.tables import check_split, has_gold, match, read_predictions, read_split, read_table, write_split
from scripts import prepare as program

PROJECT = Path(__file__).resolve().parents[2]
LABELS = ["joy", "fear"]
GOOD = "id,text,joy,fear\na,so glad,1,0\nb,so afraid,0,1\nc,a day,0,0\n"


@pytest.fixture
def table(tmp_path):
    """Call with a file's content: the checked table."""

    def read(content: str | bytes, labels=LABELS, gold=True) -> pd.DataFrame:
        path = tmp_path / "rows.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return check_split(read_table(path), path, labels, gold)

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
    with pytest.raises(InputError, match=r"absent\.csv: expected a CSV file, found none"):
        read_table(tmp_path / "absent.csv")
    with pytest.raises(InputError, match="expected a CSV file"):
        read_table(tmp_path)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("id,text,joy,fear\na,caf\xe9,1,0\n".encode("latin-1"), 2),
        (b"id,text,joy,fear\na,x,1,0\nb,y,0,1\nc,\xff,0,0\n", 4),
        (b'id,text,joy,fear\na,"two\nlines",1,0\nb,\x80,0,1\n', 4),
        (GOOD.encode("utf-16"), 1),
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


def test_other_separator_is_refused(refusal):
    assert "expected the column id" in refusal(GOOD.replace(",", ";"))


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
    assert "row 1 (id a), column joy: expected 0 or 1, found nothing" in refusal(content, gold=True)


def test_split_with_some_of_the_label_columns_is_refused(refusal):
    assert "expected the column fear" in refusal("id,text,joy\na,x,1\n", gold=False)


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ("id,text,joy,fear\na,x,1,0\nb,y,,\nc,z,0,0\n", "row 2 (id b), column joy"),
        ("id,text,joy,fear\na,x,1,0\nb,y,0,1\nc,z,1,\n", "row 3 (id c), column fear"),
        ("id,text,joy,fear\na,x,,\nb,y,0,1\n", "row 1 (id a), column joy"),
    ],
)
def test_partly_labelled_file_is_refused(refusal, content, row):
    for gold in (True, False):
        message = refusal(content, gold=gold)
        assert row in message
        assert message.endswith("found nothing")


@pytest.mark.parametrize("found", ["2", "-1", "yes", "1.0", "0.5", "True", "nan", "NA"])
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
    found = check_split(read_table(path), path, LABELS, gold=True)
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
    assert has_gold(read_split(tmp_path / "gold.csv"))
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


@pytest.mark.parametrize("value", [np.nan, -0.001, 1.001, np.inf])
def test_what_is_no_probability_is_not_written(tmp_path, value):
    with pytest.raises(ValueError, match="probabilities"):
        write_predictions(tmp_path / "dev.csv", ["a", "b"], LABELS, np.array([[0.5, 0.5], [0.5, value]]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (2,)])
def test_predictions_need_a_row_for_each_id_and_a_column_for_each_label(tmp_path, shape):
    with pytest.raises(ValueError, match="expected 2 rows"):
        write_predictions(tmp_path / "dev.csv", ["a", "b"], LABELS, np.full(shape, 0.5))


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


@pytest.mark.parametrize(("ids", "named"), [("abc", "d"), ("abcde", "e"), ("abce", "d"), ("", "a")])
def test_match_refuses_other_ids_and_names_one(ids, named):
    gold = pd.DataFrame({"id": list("abcd"), "text": "x", "joy": 0.0})
    predictions = pd.DataFrame({"id": list(ids), "joy": [0.5] * len(ids)})
    with pytest.raises(InputError) as caught:
        match(predictions, gold, "team/dev.csv")
    assert str(caught.value).startswith("team/dev.csv: expected one row for each of the 4 ids")
    assert str(caught.value).endswith(f" {named}")


# --- cleaning


@pytest.mark.parametrize(
    ("step", "text", "expected"),
    [
        ("nfc", "cafe\u0301", "caf\u00e9"),
        ("nfc", "ﬁ ２ ½", "ﬁ ２ ½"),
        ("whitespace", "  a \t\n b\u00a0\u3000c \r\n", "a b c"),
        ("whitespace", "a\x00b\x07c\x1bd\x85e", "a b c d e"),
        ("urls", "see https://a.b/c?d=e#f, and HTTP://x or www.y.org!", "see http and http or http"),
        ("urls", "httpd and https are words", "httpd and https are words"),
        ("users", "@ann_b1: hi (@Bob) @", "@user: hi (@user) @"),
        ("users", "write to ann@b.org or a.@b", "write to ann@b.org or a.@b"),
        ("lowercase", "ÉTÉ Ünder WOW", "été ünder wow"),
        ("punctuation", "It's #1, isn't it?! (yes) — né…", "Its 1 isnt it yes — né…"),
    ],
)
def test_cleaning_steps_by_example(step, text, expected):
    assert clean(text, [step]) == expected


def test_every_step_of_the_schema_exists():
    from emotion_grid.config.schema import load_schema

    assert set(load_schema()["properties"]["data"]["properties"]["clean"]["items"]["enum"]) == set(STEPS)


def test_steps_are_applied_in_the_order_given():
    assert clean("@Ann!", ["users", "punctuation"]) == "user"
    assert clean("@Ann!", ["punctuation", "users"]) == "Ann"
    assert clean(" x ", []) == " x "


@pytest.mark.parametrize(
    "text",
    ["👩‍👩‍👧‍👦", "❤️‍🔥", "🏳️‍🌈", "👍🏽", "1️⃣", "🇩🇪", "می‌خواهم", "नमस्ते", "한국어", "Ünïcødé WOW!!! #so @me http://x.y"],
)
def test_default_steps_harm_no_emoji_and_no_script(text):
    from emotion_grid.config.schema import load_schema

    default = load_schema()["properties"]["data"]["properties"]["clean"]["default"]
    assert clean(text, default) == text


_TEXTS = st.text(max_size=25) | st.lists(
    st.sampled_from(["@", "http", "://", "www.", "a", "İ", "Σ", " ", "\n", "́", ".", "‍", "é", "ANN", "_"]), max_size=9
).map("".join)


@pytest.mark.parametrize("steps", [*([name] for name in STEPS), ["nfc", "whitespace"]], ids="-".join)
def test_cleaning_twice_is_cleaning_once(steps):
    @given(_TEXTS)
    def check(text):
        once = clean(text, steps)
        assert clean(once, steps) == once

    check()


# --- validation parts and folds


def labelled(gold: list[tuple[int, ...]], texts=None) -> tuple[pd.DataFrame, list[str]]:
    labels = [f"l{n}" for n in range(len(gold[0]))]
    table = pd.DataFrame(np.array(gold, dtype=float), columns=labels)
    table.insert(0, "text", texts or [f"text {n}" for n in range(len(gold))])
    return table, labels


@st.composite
def golds(draw):
    width = draw(st.integers(1, 4))
    return draw(st.lists(st.tuples(*[st.integers(0, 1)] * width), min_size=6, max_size=90))


@given(golds(), st.floats(0.02, 0.5), st.integers(0, 2**31))
def test_validation_is_a_share_of_the_rows_and_of_every_combination(gold, share, seed):
    table, labels = labelled(gold)
    chosen = validation_rows(table, labels, share, seed)
    assert chosen.dtype == bool
    assert abs(chosen.sum() - share * len(gold)) <= 1
    for combination, count in Counter(gold).items():
        found = sum(one for one, row in zip(chosen, gold, strict=True) if row == combination)
        assert abs(found - share * count) <= 1


@given(golds(), st.integers(2, 6), st.integers(0, 2**31))
def test_folds_are_balanced_in_rows_and_combinations(gold, folds, seed):
    table, labels = labelled(gold)
    numbers = fold_numbers(table, labels, folds, seed).tolist()
    assert set(numbers) <= set(range(1, folds + 1))
    sizes = [numbers.count(fold) for fold in range(1, folds + 1)]
    assert sum(sizes) == len(gold)
    assert max(sizes) - min(sizes) <= 1
    for combination in set(gold):
        held = [
            sum(n == f and row == combination for n, row in zip(numbers, gold, strict=True))
            for f in range(1, folds + 1)
        ]
        assert max(held) - min(held) <= 1


@given(golds(), st.integers(1, 12), st.floats(0.05, 0.5), st.integers(0, 2**31))
def test_rows_of_one_text_stay_together(gold, kinds, share, seed):
    texts = [f"text {(n * n) % kinds}" for n in range(len(gold))]
    table, labels = labelled(gold, texts)
    chosen, numbers = validation_rows(table, labels, share, seed), fold_numbers(table, labels, 3, seed)
    for parts in (chosen, numbers):
        assert len(parts) == len(gold)
        assert len(set(zip(texts, parts.tolist(), strict=True))) == len(set(texts))
    assert abs(len({t for t, one in zip(texts, chosen, strict=True) if one}) - share * len(set(texts))) <= 1


def test_split_is_the_same_every_time_and_differs_with_the_seed():
    random = np.random.default_rng(3)
    table, labels = labelled([tuple(row) for row in random.integers(0, 2, (200, 3)).tolist()])
    first = validation_rows(table, labels, 0.1, 1), fold_numbers(table, labels, 5, 1)
    np.random.seed(99)
    again = validation_rows(table.copy(), labels, 0.1, 1), fold_numbers(table.copy(), labels, 5, 1)
    other = validation_rows(table, labels, 0.1, 2), fold_numbers(table, labels, 5, 2)
    for one, same, different in zip(first, again, other, strict=True):
        assert (one == same).all()
        assert (one != different).any()


def test_split_does_not_follow_the_order_of_the_rows():
    table, labels = labelled([(0,)] * 200)
    chosen = np.flatnonzero(validation_rows(table, labels, 0.2, 7))
    assert len(set(np.diff(chosen).tolist())) > 3, "not every fifth row"


# --- prepare

TRAIN = [
    ("1", "same", "10"),
    ("2", "same", "10"),  # duplicate of 1
    ("3", "torn", "10"),
    ("4", "torn", "01"),  # contradicts 3
    ("5", "torn", "10"),  # duplicate of 3, contradicts 4
    ("6", "in dev", "00"),
    ("7", "in  test ", "01"),  # overlaps once it is cleaned
    *((str(n), f"plain text {n}", f"{n % 2}{n % 3 // 2}") for n in range(8, 28)),
]
DEV = [("d1", "in dev", "10"), ("d2", "only dev", "01")]
TEST = [("t1", "in test", ""), ("t2", "only test", "")]


@pytest.fixture
def study(tmp_path):
    """Call with rows and values of the data's spec: the arguments of prepare()."""

    def make(train=TRAIN, dev=DEV, test=TEST, **values) -> tuple[dict, dict[str, str]]:
        paths = {}
        for split, rows in {"train": train, "dev": dev, "test": test}.items():
            if rows is None:
                continue
            paths[split] = str(tmp_path / f"{split}-raw.csv")
            with open(paths[split], "w", encoding="utf-8", newline="") as file:
                cells = [(id_, text, *(gold or ["", ""])) for id_, text, gold in rows]
                csv.writer(file).writerows([("id", "text", *LABELS), *cells])
        spec = {
            "files": {split: file_digest(path) for split, path in paths.items()},
            "labels": LABELS,
            "validation": 0.2,
            "split_seed": 1,
            "clean": ["nfc", "whitespace"],
            "drop": [],
            "folds": None,
            "fold": None,
            **values,
        }
        return spec, paths

    return make


def test_findings_are_counted(study):
    _, checks = prepare(*study())
    assert (checks["duplicates"], checks["contradictions"], checks["overlaps"]) == (2, 3, 2)
    assert checks["dropped"] == 0
    assert checks["splits"]["train"]["rows"] == 27
    assert checks["splits"]["train"]["duplicate_texts"] == 3
    assert checks["splits"]["train"]["positives"] == {
        "joy": sum(gold[0] == "1" for _, _, gold in TRAIN),
        "fear": sum(gold[1] == "1" for _, _, gold in TRAIN),
    }
    assert checks["splits"]["train"]["rows_without_label"] == sum(gold == "00" for _, _, gold in TRAIN)
    assert "positives" not in checks["splits"]["test"]
    assert checks["splits"]["dev"]["words_max"] == 2


@pytest.mark.parametrize(
    ("drop", "gone"),
    [
        ([], set()),
        (["duplicates"], {"2", "5"}),
        (["contradictions"], {"3", "4", "5"}),
        (["overlaps"], {"6", "7"}),
        (["duplicates", "overlaps"], {"2", "5", "6", "7"}),
        (["overlaps", "contradictions", "duplicates"], {"2", "3", "4", "5", "6", "7"}),
    ],
)
def test_only_what_the_config_says_is_dropped(study, drop, gone):
    splits, checks = prepare(*study(drop=drop))
    kept = [*splits["train"]["id"], *splits["validation"]["id"]]
    assert sorted(kept, key=int) == [id_ for id_, _, _ in TRAIN if id_ not in gone]
    assert checks["dropped"] == len(gone)
    assert (checks["duplicates"], checks["contradictions"], checks["overlaps"]) == (2, 3, 2)
    assert list(splits["dev"]["id"]) == ["d1", "d2"]
    assert list(splits["test"]["id"]) == ["t1", "t2"]


def test_every_row_is_in_one_part_unchanged_and_in_order(study):
    splits, checks = prepare(*study())
    gold = {id_: [float(cell) for cell in cells] for id_, _, cells in [*TRAIN, *DEV]}
    for split in ("train", "validation", "dev"):
        table = splits[split]
        assert table[LABELS].to_numpy().tolist() == [gold[id_] for id_ in table["id"]]
        assert list(table["id"]) == sorted(table["id"], key=lambda id_: int(id_.lstrip("d")))
    assert {*splits["train"]["text"]}.isdisjoint(splits["validation"]["text"])
    assert checks["prepared"]["train"]["rows"] + checks["prepared"]["validation"]["rows"] == len(TRAIN)
    assert 3 <= checks["prepared"]["validation"]["rows"] <= 8
    assert "in test" in {*splits["train"]["text"], *splits["validation"]["text"]}, "texts are cleaned"


def test_splits_that_a_study_does_not_have_are_empty(study):
    splits, checks = prepare(*study(dev=None, test=None))
    assert list(splits) == ["train", "validation", "dev", "test"]
    assert all(list(table.columns) == ["id", "text", *LABELS] for table in splits.values())
    assert (len(splits["dev"]), len(splits["test"])) == (0, 0)
    assert checks["prepared"]["dev"] == {"rows": 0}
    assert checks["overlaps"] == 0


def test_folds_hold_out_every_row_once(study):
    held = []
    for fold in (1, 2, 3):
        splits, _ = prepare(*study(dev=None, folds=3, fold=fold))
        ids = [set(splits[split]["id"]) for split in ("train", "validation", "dev")]
        assert sum(map(len, ids)) == len(TRAIN) == len(set.union(*ids))
        texts = [set(splits[split]["text"]) for split in ("train", "validation", "dev")]
        assert sum(map(len, texts)) == len(set.union(*texts)), "no text on two sides"
        held += list(splits["dev"]["id"])
    assert sorted(held, key=int) == [id_ for id_, _, _ in TRAIN]


def test_label_without_a_positive_row_gives_a_warning(study):
    rows = [(id_, text, gold[0] + "0") for id_, text, gold in TRAIN]
    _, checks = prepare(*study(train=rows))
    warnings = [line for line in checks["warnings"] if "in train" in line]
    assert len(warnings) == 1
    assert "fear" in warnings[0]
    assert prepare(*study())[1]["warnings"] == []


def test_text_that_is_empty_after_cleaning_is_refused(study):
    rows = [*TRAIN, ("99", "?!", "00")]
    prepare(*study(train=rows))
    with pytest.raises(InputError, match=r"train-raw\.csv, id 99: .*empty.*punctuation"):
        prepare(*study(train=rows, clean=["nfc", "punctuation"]))


def test_file_that_changed_since_the_plan_is_refused(study):
    spec, paths = study()
    with open(paths["test"], "a") as file:
        file.write("t3,one more,,\n")
    with pytest.raises(InputError, match=r"test-raw\.csv: the file has changed"):
        prepare(spec, paths)


def test_part_without_rows_is_refused(study):
    with pytest.raises(InputError, match=r"data\.(train|validation): no row is left"):
        prepare(*study(train=TRAIN[:2], dev=None, test=None))
    with pytest.raises(InputError, match="no row is left"):
        prepare(*study(train=TRAIN[2:5], drop=["contradictions"]))


def arguments(spec: dict, paths: dict, folder: Path) -> list[str]:
    write_json(folder / "spec.json", spec)
    options = [part for split, path in paths.items() for part in (f"--{split}", path)]
    return ["prepare", "--spec", str(folder / "spec.json"), *options, "--output", str(folder / "out")]


def test_preparing_twice_gives_the_same_files(study, tmp_path, monkeypatch):
    found = []
    for name in ("one", "two"):
        monkeypatch.setattr(sys, "argv", arguments(*study(), tmp_path / name))
        assert run_program(program.main) == 0
        found.append({path.name: path.read_bytes() for path in (tmp_path / name / "out").iterdir()})
    assert found[0] == found[1]
    assert set(found[0]) == {"train.csv", "validation.csv", "dev.csv", "test.csv", "checks.json"}
    assert json.loads(found[0]["checks.json"])["overlaps"] == 2


def test_warnings_reach_the_log(study, tmp_path, monkeypatch, capsys):
    rows = [(id_, text, "0" + gold[1]) for id_, text, gold in TRAIN]
    monkeypatch.setattr(sys, "argv", arguments(*study(train=rows), tmp_path / "out"))
    assert run_program(program.main) == 0
    assert re.search(r"warning: label joy: no positive row in train", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"train": [*TRAIN[:-1], ("x", "a text", "02")]}, "column fear: expected 0 or 1"),
        ({"test": [("t1", "in test", ""), ("t1", "only test", "")]}, "column id"),
        ({"dev": [("d1", " ", "00")]}, "column text"),
    ],
)
def test_nothing_is_written_when_a_file_is_refused(study, tmp_path, monkeypatch, capsys, rows, said):
    monkeypatch.setattr(sys, "argv", arguments(*study(**rows), tmp_path / "run"))
    assert run_program(program.main) == 1
    assert said in capsys.readouterr().err
    assert list((tmp_path / "run").glob("out/*")) == []


def test_program_ends_with_status_1_and_a_plain_message(study, tmp_path):
    spec, paths = study(test=[("t1", "fine", ""), ("t2", "  ", "")])
    command = [sys.executable, "-m", "scripts.prepare", *arguments(spec, paths, tmp_path / "run")[1:]]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "test-raw.csv, row 2 (id t2), column text" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.rglob("run/out/*")) == []
