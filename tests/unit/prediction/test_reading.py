"""New texts of every form: what a person wrote is read, and what cannot be read is told before anything is predicted."""

import datasets
import openpyxl
import pandas as pd
import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.data.forms import Form
from emotion_grid.prediction.reading import NewTexts, Reading
from testing.made import HOSTILE

ROWS = [(f"id {number}", text) for number, text in enumerate(HOSTILE)]


def excel(folder, frame) -> str:
    book = openpyxl.Workbook()
    for row in [list(frame), *frame.itertuples(index=False)]:
        book.active.append(list(row))
        for cell in book.active[book.active.max_row]:
            cell.data_type = "s"  # a text, whatever it begins with
    book.save(folder / "a.xlsx")
    return "a.xlsx"


WRITERS = {
    "csv": lambda folder, frame: frame.to_csv(folder / "a.csv", index=False, quoting=1) or "a.csv",
    "semicolons": lambda folder, frame: frame.to_csv(folder / "a.csv", index=False, sep=";", quoting=1) or "a.csv",
    "utf-16": lambda folder, frame: frame.to_csv(folder / "a.tsv", index=False, sep="\t", encoding="utf-16") or "a.tsv",
    "gzip": lambda folder, frame: frame.to_csv(folder / "a.csv.gz", index=False, quoting=1) or "a.csv.gz",
    "json lines": lambda folder, frame: frame.to_json(folder / "a.jsonl", orient="records", lines=True) or "a.jsonl",
    "json list": lambda folder, frame: frame.to_json(folder / "a.json", orient="records") or "a.json",
    "parquet": lambda folder, frame: frame.to_parquet(folder / "a.parquet") or "a.parquet",
    "folder": lambda folder, frame: datasets.Dataset.from_pandas(frame).save_to_disk(folder / "a") or "a",
    "excel": excel,
}


@pytest.mark.parametrize("form", WRITERS)
def test_hostile_texts_are_read_word_for_word_whatever_the_form(tmp_path, form):
    rows = [(id_, text) for id_, text in ROWS if form != "utf-16" or not {"\r", "\n"} & set(text)]
    texts = NewTexts(tmp_path / WRITERS[form](tmp_path, pd.DataFrame(rows, columns=["id", "text"])))
    assert texts.check()[0] == len(rows)
    found = list(Reading(texts))
    if form == "excel":  # which knows one kind of line break
        found, rows = ([(id_, text.replace("\r", "\n")) for id_, text in part] for part in (found, rows))
    assert found == rows


@pytest.fixture
def read(tmp_path):
    """Call with a file's content: id and text of its rows."""

    def make(content: str | bytes, name: str = "texts.csv", **options):
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        texts = NewTexts(tmp_path / name, **options)
        texts.check()
        return list(Reading(texts))

    return make


def test_a_template_joins_columns_and_another_column_holds_the_ids(read):
    content = "key,title,body\nk1,{body},so glad\n,,\n"
    assert read(content, text="{title}: {body}", id="key") == [("k1", "{body}: so glad"), ("", ": ")]


def test_rows_without_ids_have_their_numbers(read):
    assert read("text\na\n\nb\n") == [("1", "a"), ("2", "b")]
    assert read('{"text": "a"}\n{"text": "b", "id": 7}\n', "texts.jsonl") == [("", "a"), ("7", "b")]


def test_a_file_without_a_header_is_read_by_names_that_are_given(read):
    assert read("so glad\t17\n", "a.tsv", form=Form(header=("text", "id"))) == [("17", "so glad")]


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        ("id,words\n1,a\n", {}, "texts.csv: expected the column text, found id, words; name another by --text"),
        ("id,words\n1,a\n", {"text": "{a} {words}"}, "expected the column a, found id, words; name another by --text"),
        ("id,text\n1,a\n", {"id": "key"}, "expected the column key, found id, text; name another by --id"),
        ("", {}, "texts.csv: expected a table with a header, found nothing"),
        ("id,text\n1,a\n\n2\n", {}, "texts.csv, row 2 (id 2), line 4: expected 2 cells (id, text), found 1"),
        ('id,text\n1,"a\n', {}, "texts.csv, line 2: expected a quote that encloses a cell to be closed"),
        (b"id,text\n1,a\n2,\xff\n", {}, "texts.csv, line 3: expected UTF-8, found the byte 0xff"),
        ('{"text": "\\ud83d"}\n', {}, r"row 1 (id 1), column text: expected characters of Unicode, found half of one"),
        ("id,text\n" + "1,a,b\n" * 30, {}, "texts.csv: 30 bad rows; the first 20 problems"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_row(read, content, options, expected):
    with pytest.raises(InputError) as refused:
        read(content, **options)
    assert expected in str(refused.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.csv: expected a file with a table, found none"):
        NewTexts(tmp_path / "nothing.csv").check()
