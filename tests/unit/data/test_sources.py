"""Parquet, Excel and folders of `datasets` as tables of text cells, and what is said of broken ones."""

import gzip
import io
import zipfile

import datasets
import openpyxl
import pandas as pd
import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.data import sources
from emotion_grid.data.forms import Form, table_of
from emotion_grid.data.sources import read_source, stream_source

ROWS = [["1", "so glad", "1"], ["2", "=1+1", "0"], ["03", "a\nb", "1"]]


def sheet(rows, **others) -> bytes:
    """An Excel file of these rows, in a sheet after an empty one of another name."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    for name, content in {"Data": rows, **others}.items():
        page = book.create_sheet(name)
        for row in content:
            page.append(row)
    del book["Sheet"]
    book.save(file)
    return file.getvalue()


@pytest.fixture
def read(tmp_path):
    """Call with a file's bytes: its table."""

    def make(content: bytes, name: str, **form):
        (tmp_path / name).write_bytes(content)
        return read_source(tmp_path / name, Form(**form))

    return make


@pytest.mark.parametrize("packed", [False, True])
def test_parquet_is_read(read, packed):
    content = pd.DataFrame(ROWS, columns=["id", "text", "joy"]).astype({"joy": int}).to_parquet()
    table = read(gzip.compress(content) if packed else content, "a.parquet")
    assert (table.columns, table.rows) == (["id", "text", "joy"], ROWS)


def test_names_of_classes_that_the_file_itself_holds_are_read(tmp_path):
    """Fault: numbers whose meaning stands in the file have to be looked up and typed in."""
    label = datasets.ClassLabel(names=["joy", "fear"])
    features = datasets.Features({"text": datasets.Value("string"), "one": label, "many": datasets.List(label)})
    data = datasets.Dataset.from_dict({"text": ["x", "y"], "one": [1, -1], "many": [[0, 1], []]}, features=features)
    data.save_to_disk(tmp_path / "folder")
    data.to_parquet(tmp_path / "a.parquet")
    for path in (tmp_path / "folder", tmp_path / "a.parquet"):
        assert read_source(path, Form()).rows == [["x", "fear", '["joy", "fear"]'], ["y", "", "[]"]]


def test_rows_that_are_read_in_parts_are_those_that_are_read_at_once(tmp_path, monkeypatch):
    """Fault: a column that only later rows fill, or a part that is read twice."""
    monkeypatch.setattr(sources, "ROWS_AT_ONCE", 2)
    rows = [{"id": str(n), "data": {"text": f"text {n}"} if n > 2 else None} for n in range(5)]
    data = datasets.Dataset.from_list(rows)
    data.save_to_disk(tmp_path / "folder")
    data.to_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.parquet.gz").write_bytes(gzip.compress((tmp_path / "a.parquet").read_bytes()))
    (tmp_path / "a.xlsx").write_bytes(sheet([["id", "data.text"], *([n, f"text {n}" * (n > 2)] for n in range(5))]))
    for path in (tmp_path / name for name in ("folder", "a.parquet", "a.parquet.gz", "a.xlsx")):
        table = table_of(stream_source(path, Form()))
        place = table.columns.index("data.text")
        assert [(row[0], row[place]) for row in table.rows] == [(str(n), f"text {n}" * (n > 2)) for n in range(5)]


def test_values_of_parquet_are_text_as_those_of_json(read):
    frame = pd.DataFrame({"a": [1.0, None], "b": [True, False], "c": [[1, 2], None], "d": [b"\x00\xff", None]})
    frame["e"] = pd.Timestamp("2020-01-02")
    table = read(frame.to_parquet(), "a.parquet")
    assert table.rows == [
        ["1.0", "true", "[1, 2]", "(bytes)", "2020-01-02 00:00:00"],
        ["", "false", "", "", "2020-01-02 00:00:00"],
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_excel_is_read(read, packed):
    rows = [["id", "text", "joy"], [1, "so glad", True], [2, "a\nb", 0], [None, None, None]]
    content = sheet(rows, Notes=[["n"], ["x"]])
    table = read(gzip.compress(content) if packed else content, "a.xlsx")
    assert (table.columns, table.rows) == (["id", "text", "joy"], [["1", "so glad", "true"], ["2", "a\nb", "0"]])
    assert table.form == "Excel, sheet Data"


def test_a_sheet_is_chosen_by_its_name(read):
    content = sheet([["id"], [1]], Notes=[["n"], ["x"]])
    assert read(content, "a.xlsx", sheet="Notes").rows == [["x"]]
    with pytest.raises(InputError, match=r"data\.read\.sheet: .*found Other; it has Data, Notes"):
        read(content, "a.xlsx", sheet="Other")


def test_a_formula_is_not_computed(read):
    assert read(sheet([["id", "text"], [1, "=CMD()"]]), "a.xlsx").rows == [["1", ""]]


def archive(**files: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in files.items():
            packed.writestr(name.replace("__", "/"), content)
    return file.getvalue()


def bomb() -> bytes:
    """An Excel file whose sheet names entities that grow."""
    entities = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheet([["id"], ["x"]]))) as good, zipfile.ZipFile(file, "w") as packed:
        for name in good.namelist():
            content = good.read(name).decode()
            if name.endswith("sheet1.xml"):
                content = f"<!DOCTYPE x [{entities}]>" + content.replace("<v>", "<v>&i;")
            packed.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b"PAR1" + b"\x00" * 99, "a.parquet", "expected a whole Parquet file"),
        (pd.DataFrame({"a": ["x" * 500]}).to_parquet()[:-30], "a.parquet", "expected a whole Parquet file"),
        (sheet([["id"], ["x"]])[:-50], "a.xlsx", "expected an Excel file"),
        (archive(**{"a.csv": "id,text\n"}), "a.zip", "expected an Excel file"),
        (bomb(), "a.xlsx", "EntitiesForbidden"),
        (sheet([]), "a.xlsx", "expected a table with a header"),
        (sheet([["id", "id"], [1, 2]]), "a.xlsx", "expected every column once, found id again"),
    ],
    ids=["parquet", "cut parquet", "cut excel", "zip", "bomb", "empty", "twice"],
)
def test_broken_files_are_told_in_one_line(read, content, name, expected):
    with pytest.raises(InputError) as caught:
        read(content, name)
    message = str(caught.value)
    assert name in message and expected in message
    assert message.isprintable() and len(message) < 500


def test_folders_that_are_no_single_split_are_refused(tmp_path):
    data = datasets.DatasetDict({"train": datasets.Dataset.from_dict({"text": ["x"]})})
    data.save_to_disk(tmp_path / "all")
    with pytest.raises(InputError, match="expected the folder of one split, found a folder of train; name one of them"):
        read_source(tmp_path / "all", Form())
    with pytest.raises(InputError, match="expected a file, or a folder that `datasets` saved"):
        read_source(tmp_path, Form())
    with pytest.raises(InputError, match="expected a file with a table, found none"):
        read_source(tmp_path / "absent.csv", Form())
    (next((tmp_path / "all" / "train").glob("*.arrow"))).write_bytes(b"broken")
    with pytest.raises(InputError, match="expected a folder that `datasets` saved, found: "):
        read_source(tmp_path / "all" / "train", Form())
