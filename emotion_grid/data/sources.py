"""Files of every form as tables of text cells: those of text, and Parquet, Excel and folders that `datasets` saved."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.data.forms import (
    Form,
    Stream,
    Table,
    kind,
    object_stream,
    object_table,
    read_text,
    refuse_rows,
    stream_of,
    stream_text,
    with_header,
)
from emotion_grid.data.opening import unpacked
from emotion_grid.data.problems import listed, visible

ROWS_AT_ONCE = 10_000
"""Rows of a Parquet file or a folder of `datasets` that are held in memory at a time where a file is read row by row."""

FORMS = {"parquet": "Parquet", "folder": "a folder of `datasets`"}


def read_source(path: Path, form: Form) -> Table:
    """A raw file, or a folder that `datasets` saved, as a table.

    Raises:
        InputError: what is not there, is no table or is broken.
    """
    readers: dict[str, Callable[[Path, Form], Table]] = {
        "text": read_text,
        "parquet": _read_parquet,
        "excel": _read_excel,
        "folder": _read_folder,
    }
    return with_header(path, readers[kind(path)](path, form))


def stream_source(path: Path, form: Form) -> Stream:
    """A raw file, or a folder that `datasets` saved, row by row.

    Excel, JSON lists and Parquet that is compressed by gzip are held in memory; of anything else, as much as is read at a time.

    Raises:
        InputError: as `read_source`; also while rows are read.
    """
    what = kind(path)
    if what == "text":
        return stream_text(path, form)
    if what == "excel" or form.rows is not None:
        return stream_of(read_source(path, form))
    objects = _parquet_objects if what == "parquet" else _folder_objects
    return with_header(path, object_stream(lambda: ((None, value) for value in objects(path)), FORMS[what]))


def _read_parquet(path: Path, form: Form) -> Table:
    return object_table(path, list(_parquet_objects(path)), form, FORMS["parquet"])


def _read_folder(path: Path, form: Form) -> Table:
    return object_table(path, list(_folder_objects(path)), form, FORMS["folder"])


def _parquet_objects(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow
    from pyarrow import parquet

    try:
        with path.open("rb") as plain:
            is_packed = plain.read(4) != b"PAR1"
        with parquet.ParquetFile(io.BytesIO(unpacked(path)) if is_packed else path) as file:
            for batch in file.iter_batches(ROWS_AT_ONCE):
                yield from _arrow_objects(pyarrow.Table.from_batches([batch], file.schema_arrow))
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: expected a whole Parquet file, found: {visible(str(error), 200)}") from None


def _folder_objects(path: Path) -> Iterator[dict[str, Any]]:
    import datasets
    import pyarrow

    try:
        for table in datasets.load_from_disk(str(path)).with_format("arrow").iter(ROWS_AT_ONCE):
            yield from _arrow_objects(table)
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: expected a folder that `datasets` saved, found: {visible(str(error), 200)}"
        ) from None


def _arrow_objects(table: Any) -> Iterator[dict[str, Any]]:
    """The rows of an Arrow table; numbers of classes whose names it holds (`ClassLabel`) become these names."""
    import datasets

    features = datasets.Features.from_arrow_schema(table.schema)
    columns = [[_named(value, features[name]) for value in table[name].to_pylist()] for name in table.column_names]
    return (dict(zip(table.column_names, cells, strict=True)) for cells in zip(*columns, strict=True))


def _named(value: Any, feature: Any) -> Any:
    """A value with the names of its classes; -1 is what `datasets` writes for a class that is not known."""
    names = getattr(getattr(feature, "feature", feature), "names", None)
    if names is None or value is None:
        return value
    if isinstance(value, list):
        return [_named(entry, feature) for entry in value]
    return names[value] if value >= 0 else None


def _read_excel(path: Path, form: Form) -> Table:
    """A sheet, with the values that its formulas had when it was saved; nothing in it is computed."""
    import openpyxl

    refuse_rows(path, form)
    content = unpacked(path)
    # A ParseError of XML is a SyntaxError, and what defusedxml refuses is a ValueError.
    broken = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, AttributeError, OSError, SyntaxError)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        name = form.sheet or book.sheetnames[0]
        rows = [list(row) for row in book[name].iter_rows(values_only=True)] if name in book.sheetnames else None
    except broken as error:
        cause = error.__cause__ or error  # openpyxl says in many words that it could not read a part, and why beneath
        words = visible(f"{type(cause).__name__}: {cause}", 200)
        raise InputError(
            f"{path}: expected an Excel file (.xlsx), found another archive or a broken one ({words})"
        ) from None
    if rows is None:
        raise InputError(f"data.read.sheet: expected a sheet of {path}, found {name}; it has {listed(book.sheetnames)}")
    cells = [[_excel_cell(value) for value in row] for row in rows]
    while cells and not any(cells[-1]):  # rows that were formatted and never filled
        cells.pop()
    columns = list(form.header) if form.header else cells.pop(0) if cells else []
    width = max([len(columns), *map(len, cells)])
    padded = [[*row, *[""] * (width - len(row))] for row in (columns, *cells)]
    return Table(padded[0], padded[1:], f"Excel, sheet {visible(name)}" + (", no header line" if form.header else ""))


def _excel_cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
