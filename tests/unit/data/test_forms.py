"""Files of every form of text: the cells that were written are read, and what is no table is told in one line."""

import csv
import gzip
import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.base.messages import InputError
from emotion_grid.data.forms import SEPARATORS, Form, read_text, stream_text

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=6)
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32")


def streamed(path, **form) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of a file that is read row by row."""
    stream = stream_text(path, Form(**form))
    return stream.columns, [cells for _, cells in stream.rows]


def written(rows: list[list[str]], separator: str = ",", end: str = "\r\n", quoting: int = csv.QUOTE_ALL) -> str:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, lineterminator=end, quoting=quoting).writerows(rows)
    return file.getvalue()


@given(
    TABLES,
    st.sampled_from(list(SEPARATORS)),
    st.sampled_from(ENCODINGS),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_any_table_of_any_separator_and_encoding_is_read(tmp_path_factory, rows, separator, encoding, end, packed):
    header = [f"c{place}" for place in range(len(rows[0]))]
    content = written([header, *rows], SEPARATORS[separator], end).encode(encoding)
    path = tmp_path_factory.getbasetemp() / ("any.csv.gz" if packed else "any.csv")
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    table = read_text(path, Form(separator=separator))
    assert (table.columns, table.rows) == streamed(path, separator=separator) == (header, rows)


PLAIN = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters='"'), min_size=1, max_size=12
)


@given(st.lists(st.lists(PLAIN, min_size=3, max_size=3), min_size=1, max_size=6), st.sampled_from(list(SEPARATORS)))
def test_the_separator_is_recognised_whatever_the_texts_hold(tmp_path_factory, rows, separator):
    path = tmp_path_factory.getbasetemp() / "unknown.csv"
    path.write_text(written([["id", "text", "joy"], *rows], SEPARATORS[separator]), encoding="utf-8", newline="")
    table = read_text(path, Form())
    assert table.rows == rows
    assert f"separated by {separator}" in table.form


@given(TABLES)
def test_any_table_of_json_lines_or_a_json_list_is_read(tmp_path_factory, rows):
    header = [f"c{place}" for place in range(len(rows[0]))]
    objects = [dict(zip(header, cells, strict=True)) for cells in rows]
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    for ascii_only in (True, False):
        lines = [json.dumps(value, ensure_ascii=ascii_only) for value in objects]
        for content in ("\n".join(lines), "[" + ",\n".join(lines) + "]"):
            path.write_text(content, encoding="utf-8", newline="")
            table = read_text(path, Form())
            assert (table.columns, table.rows) == streamed(path) == (header, rows)


@pytest.fixture
def read(tmp_path):
    """Call with a file's content: the table."""

    def make(content: str | bytes, name: str = "a.csv", **form):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_text(path, Form(**form))

    return make


def test_export_of_a_spreadsheet_is_read(read):
    table = read('\ufeffid;text;joy\r\n1;well, then;1\r\n2;"a; b""c";0\r\n')
    assert table.rows == [["1", "well, then", "1"], ["2", 'a; b"c', "0"]]
    assert table.form == "separated by semicolon, UTF-8 with a byte order mark, quotes enclose cells"


def test_first_line_may_name_the_separator(read):
    table = read("sep=|\nid|text\n1|a, b, c\n")
    assert (table.columns, table.rows, table.lines) == (["id", "text"], [["1", "a, b, c"]], [3])
    assert "as its first line says" in table.form


def test_a_name_of_a_column_may_hold_other_separators(read):
    """Fault: the comma loses against the semicolons in a column that nobody reads."""
    assert read("id,text,a;b;c;d;e\n1,x,y\n").columns == ["id", "text", "a;b;c;d;e"]


@pytest.mark.parametrize(
    ("cells", "is_plain"),
    [
        (['"well', "no"], True),
        (['"well" he said', "no"], True),
        (['a "word"', "no"], False),
        (['"he said ""no"" twice"', "x"], False),
        (['"a\tb"', "x"], False),
    ],
)
def test_quotes_of_a_tab_separated_file_are_plain_only_where_they_enclose_no_cell(read, cells, is_plain):
    content = "text\tid\n" + "".join(f"{cell}\t{number}\n" for number, cell in enumerate(cells))
    table = read(content, "a.tsv")
    assert ("plain" in table.form) == is_plain
    expected = cells if is_plain else [next(csv.reader([cell], delimiter="\t"))[0] for cell in cells]
    assert [row[0] for row in table.rows] == expected


def test_quotes_are_what_the_config_says(read):
    content = 'text\tid\n"whole"\t1\n'
    assert read(content, "a.tsv").rows == [["whole", "1"]]
    assert read(content, "a.tsv", quotes="plain").rows == [['"whole"', "1"]]


def test_a_file_without_a_header_gets_names(read):
    table = read("so glad\t17\tx1\n", "a.tsv", header=("text", "emotions", "id"))
    assert (table.columns, table.rows) == (["text", "emotions", "id"], [["so glad", "17", "x1"]])


def test_long_texts_are_read(read):
    text = "word " * 100_000
    assert read(f"id,text\n1,{text}\n").rows == [["1", text]]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.csv.gz"])
def test_a_file_that_is_streamed_is_not_held(tmp_path, name):
    """Fault: a million texts were in memory twice before the first was labelled."""
    rows = [[str(number), "word " * 200] for number in range(10_000)]
    objects = (json.dumps({"id": key, "text": text}) + "\n" for key, text in rows)
    separator = "\t" if name == "a.tsv" else ","
    content = (
        "".join(objects) if "json" in name else written([["id", "text"], *rows], separator, "\n", csv.QUOTE_MINIMAL)
    )
    (tmp_path / name).write_bytes(gzip.compress(content.encode(), 1) if name.endswith(".gz") else content.encode())
    del content
    tracemalloc.start()
    read = sum(cells[1] == "word " * 200 for _, cells in stream_text(tmp_path / name, Form()).rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read == 10_000 and peak < 1_000_000, "of ten megabytes"


def test_objects_inside_objects_have_dotted_names_and_values_of_lists_are_collected(read):
    item = {
        "id": 1,
        "data": {"text": "so glad"},
        "annotations": [{"result": [{"value": {"choices": ["joy", "fear"]}}]}],
    }
    table = read(json.dumps([item, {"id": 2, "data": {"text": "a day"}, "annotations": []}]), "export.json")
    assert table.columns[:3] == ["id", "data.text", "annotations.result.value.choices"]
    assert table.rows[0][:3] == ["1", "so glad", '["joy", "fear"]']
    assert table.rows[1][:3] == ["2", "a day", ""]


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, ""), (True, "true"), (1, "1"), (1.0, "1.0"), (float("nan"), ""), (["a", 1], '["a", 1]'), ("", "")],
)
def test_values_of_json_are_text(read, value, cell):
    assert read(json.dumps({"x": value}) + "\n", "a.jsonl").rows == [[cell]]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a.csv", "expected a table, found a file that is no text"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 100, "a.xls", "an Excel file of the old form"),
        (b"\x80\x04\x95cposix\nsystem", "a.pkl", "a Python pickle, which is never opened"),
        ("id,text\n1,x\n".encode("utf-16-le"), "a.csv", "line 1: expected a table of text, found NUL characters"),
        (b"id,text\n1,caf\xe9\n", "a.csv", "line 2: expected UTF-8, found the byte 0xe9"),
        (gzip.compress(b"id,text\n1,x\n" * 99, mtime=0)[:-20], "a.csv.gz", "expected a whole file compressed by gzip"),
        (b"\x1f\x8b\x08 broken", "a.csv.gz", "expected a whole file compressed by gzip"),
        ('id,text\n1,fine\n2,"open\n3,x\n', "a.csv", "line 3: expected a quote"),
        ("", "a.csv", "found nothing"),
        ("id,text,text\n1,x,y\n", "a.csv", "expected every column once, found text again"),
        ('{"id": 1}\n{"id": 2\n', "a.jsonl", "line 2, character 9: expected JSON"),
        ('{"id": 1}\n[2]\n', "a.jsonl", "line 2: expected a JSON object, found [2]"),
        ("[" * 100_000, "a.json", "expected JSON that can be read"),
        ('{"id": ' + "9" * 5000 + "}", "a.jsonl", "expected JSON that can be read"),
        ("<html>\x1b[31m\n" * 3, "a.jsonl", "line 1, character 1: expected JSON"),
    ],
    ids=str,
)
def test_what_is_no_table_is_told_in_one_line(read, content, name, said):
    with pytest.raises(InputError) as caught:
        read(content, name)
    message = str(caught.value)
    assert name in message and said in message
    assert "\n" not in message and message.isprintable() and len(message) < 400


def test_another_encoding_is_read_where_the_config_names_it(read):
    assert read(b"id,text\n1,caf\xe9\n", encoding="cp1252").rows == [["1", "café"]]
    with pytest.raises(
        InputError, match=r"data\.read\.encoding: expected an encoding that Python knows, found klingon"
    ):
        read(b"id,text\n", encoding="klingon")
    with pytest.raises(InputError, match=r"data\.read\.encoding"):
        read(b"id,text\n", encoding="zlib")


def test_entries_of_a_list_are_rows_beside_the_objects_other_entries(tmp_path):
    lines = [
        {"id": 1, "of": {"people": [{"name": "a", "said": ["x", "y"]}, {"name": "b"}]}},
        {"id": 2, "of": {"people": []}, "note": "nobody"},
        {"id": 3},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    table = read_text(tmp_path / "a.jsonl", Form(rows="of.people"))
    assert table.columns == ["id", "of.people.name", "of.people.said", "of.people", "note"]
    assert table.rows == [
        ["1", "a", '["x", "y"]', "", ""],
        ["1", "b", "", "", ""],
        ["2", "", "", "[]", "nobody"],
        ["3", "", "", "", ""],
    ]
    assert table.lines == [1, 1, 2, 3] and "a row for each entry of of.people" in table.form


@pytest.mark.parametrize(("name", "content"), [("a.jsonl", '{"id": 1, "people": 2}'), ("a.csv", "id,people\n1,2\n")])
def test_a_list_of_rows_that_is_not_there_is_refused(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=r"expected objects with a list people \(data\.read\.rows\), found"):
        read_text(tmp_path / name, Form(rows="people"))


def test_what_is_plain_in_one_object_and_an_object_in_another_is_one_column(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"e": "joy"}\n{"e": {"choices": ["joy", "fear"]}}\n{"e": {}}\n{}')
    table = read_text(tmp_path / "a.jsonl", Form())
    assert [row[table.columns.index("e")] for row in table.rows] == ["joy", '{"choices": ["joy", "fear"]}', "", ""]


def test_values_of_several_objects_are_not_united_in_silence(read):
    """Fault: all choices of all people counted, and nothing said so."""
    lines = [{"id": 1, "people": [{"said": ["x"]}]}, {"id": 2, "people": [{"said": ["x"]}, {"said": ["y"]}]}]
    assert "entries of people together (read.rows makes each a row)" in read(json.dumps(lines), "a.json").form
    assert "together" not in read(json.dumps(lines[:1]), "a.json").form
