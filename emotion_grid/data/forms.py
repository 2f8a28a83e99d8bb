"""Files as tables of text cells: CSV and its relatives, JSON Lines, each also compressed by gzip.

Reads with the standard library alone, since planning reads such files, too, and Snakemake's process loads no pandas. What a file does not
say about itself is recognised by the rules below, and told in words; a config's `data.read` has the last word.
"""

import codecs
import csv
import gzip
import io
import itertools
import json
import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from emotion_grid.base.messages import InputError
from emotion_grid.data.problems import listed, visible

SEPARATORS = {"comma": ",", "tab": "\t", "semicolon": ";", "bar": "|"}
"""Names of the separators; of two that fit a file equally well the first is taken."""

TRIED = 50
"""Records by which a separator is recognised."""

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Encodings by their byte order marks; UTF-32's begins with UTF-16's and stands before it."""

KINDS = {b"PAR1": "parquet", b"PK\x03\x04": "excel"}
"""First bytes of the files that no text editor shows."""

REFUSED = {
    b"\xd0\xcf\x11\xe0": "an Excel file of the old form (.xls); save it as .xlsx or CSV",
    b"BZh": "a file compressed by bzip2; compress it with gzip, or not at all",
    b"\xfd7zXZ": "a file compressed by xz; compress it with gzip, or not at all",
    b"(\xb5/\xfd": "a file compressed by zstd; compress it with gzip, or not at all",
    b"\x80\x04": "a Python pickle, which is never opened",
    b"\x80\x05": "a Python pickle, which is never opened",
}
"""First bytes of files that are no tables, what they are and what to do."""

_WRITTEN = re.compile(r'"(?:[^"]|"")*"', re.DOTALL)
"""A cell in quotes as a writer of CSV makes it: quotes inside it stand twice."""


@dataclass(frozen=True)
class Form:
    """How a file is written (`data.read`); None is recognised from the file.

    Attributes:
        separator: comma, tab, semicolon or bar.
        encoding: a name that Python knows.
        quotes: `enclose` (a cell in double quotes may hold separators and line breaks) or `plain` (quotes are characters like others).
        header: names of the columns, for a file without a header.
        sheet: of an Excel file; None for its first.
        rows: the list in each object whose entries are rows of their own; None where each object is a row.
    """

    separator: str | None = None
    encoding: str | None = None
    quotes: str | None = None
    header: tuple[str, ...] | None = None
    sheet: str | None = None
    rows: str | None = None


@dataclass(frozen=True)
class Table:
    """A file's cells as text; a row may have more or fewer cells than there are columns.

    Attributes:
        form: how the file was read, in words.
        lines: the line in which each row begins; empty where a file has no lines.
    """

    columns: list[str]
    rows: list[list[str]]
    form: str
    lines: list[int] = field(default_factory=list)


def unpacked(path: Path) -> bytes:
    """A file's bytes, without the compression of gzip.

    Raises:
        InputError: the file is not there, or its compression is broken.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a file with a table, found none")
    content = path.read_bytes()
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: expected a whole file compressed by gzip, found: {error}; copy it again") from None


def kind(path: Path) -> str:
    """What a path holds: `folder` (of `datasets`), `parquet`, `excel`, or `text`, which this module reads.

    Raises:
        InputError: nothing is there, or another folder.
    """
    if path.is_dir():
        return _kind_of_folder(path)
    if not path.is_file():
        raise InputError(f"{path}: expected a file with a table, found none")
    try:
        with gzip.open(path) as file:
            head = file.read(4)
    except (OSError, EOFError, zlib.error):  # not compressed, or broken, which reading says
        with path.open("rb") as plain:
            head = plain.read(4)
    return KINDS.get(head, "text")


def _kind_of_folder(path: Path) -> str:
    if (path / "dataset_dict.json").is_file():
        splits = listed(sorted(entry.name for entry in path.iterdir() if entry.is_dir()))
        raise InputError(f"{path}: expected the folder of one split, found a folder of {splits}; name one of them")
    if not (path / "state.json").is_file():
        raise InputError(
            f"{path}: expected a file, or a folder that `datasets` saved (save_to_disk), found another folder"
        )
    return "folder"


def read_text(path: Path, form: Form) -> Table:
    """A file of text as a table.

    Raises:
        InputError: what is no table of text; the message names the line.
    """
    content = unpacked(path)
    for first, words in REFUSED.items():
        if content.startswith(first):
            raise InputError(f"{path}: expected a table, found {words}")
    text, encoding = _decoded(content, path, form.encoding)
    del content
    is_json = _is_json(path, text)
    if not is_json:
        refuse_rows(path, form)
    table = _json_table(path, text, encoding, form) if is_json else _separated_table(path, text, encoding, form)
    return with_header(path, table)


def with_header(path: Path, table: Table) -> Table:
    """A table, whose columns have names, each its own, in one Unicode form (NFC); columns without a name may be several.

    Raises:
        InputError: a table without columns, or with two of one name.
    """
    table = replace(table, columns=[unicodedata.normalize("NFC", name) for name in table.columns])
    names = [name for name in table.columns if name.strip()]
    if not names:
        raise InputError(f"{path}: expected a table with a header, found nothing")
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise InputError(f"{path}: expected every column once, found {visible(twice[0])} again")
    return table


def _decoded(content: bytes, path: Path, encoding: str | None) -> tuple[str, str]:
    """A file's text, and its encoding: the one that is asked for, that of its byte order mark, or UTF-8."""
    name = encoding or next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(name).removeprefix("\ufeff")
    except LookupError:
        raise InputError(f"data.read.encoding: expected an encoding that Python knows, found {name}") from None
    except UnicodeDecodeError as error:
        if b"\x00" in content[:4096] and encoding is None:
            raise InputError(f"{path}: expected a table, found a file that is no text") from None
        line = content[: error.start].count(b"\n") + 1
        advice = "save the file as UTF-8, or name its encoding (data.read.encoding: cp1252)"
        raise InputError(
            f"{path}, line {line}: expected {name.upper()}, found the byte 0x{content[error.start]:02x}; {advice}"
        ) from None
    if "\x00" in text.partition("\n")[0]:
        raise InputError(
            f"{path}, line 1: expected a table of text, found NUL characters; if the file is UTF-16, say so (data.read.encoding: utf-16-le)"
        )
    return text, {"utf-8-sig": "UTF-8 with a byte order mark"}.get(name, name.upper())


def _suffix(path: Path) -> str:
    """How a file's name ends, without what gzip adds."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


# --- CSV and its relatives


def _separated_table(path: Path, text: str, encoding: str, form: Form) -> Table:
    first, _, rest = text.partition("\n")
    declared = re.fullmatch(r'"?sep=(.)"?\r?', first)
    skipped = 1 if declared else 0
    text = rest if declared else text
    asked = SEPARATORS[form.separator] if form.separator else declared[1] if declared else None
    separator = asked or _separator(path, text)
    is_plain = form.quotes == "plain" or (form.quotes is None and separator == "\t" and _quotes_are_plain(text))
    records = list(_records(path, text, separator, is_plain, skipped))
    columns = list(form.header) if form.header else records.pop(0)[1] if records else []
    name = next((name for name, character in SEPARATORS.items() if character == separator), repr(separator))
    words = [f"separated by {name}" + (", as its first line says" if declared and not form.separator else ""), encoding]
    words += ["quotes are plain characters"] if is_plain else ["quotes enclose cells"] if '"' in text else []
    words += ["no header line"] if form.header else []
    return Table(columns, [cells for _, cells in records], ", ".join(words), [line for line, _ in records])


def _separator(path: Path, text: str) -> str:
    """The separator by which the first records have most cells, and all as many; a comma for a table of one column."""
    if _suffix(path) in (".tsv", ".tab") and "\t" in text.partition("\n")[0]:
        return "\t"
    best, most = ",", (False, 1)
    for separator in SEPARATORS.values():
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        widths = [len(row) for row in itertools.islice((row for row in reader if row), TRIED)]
        found = (len(set(widths)) == 1, widths[0]) if widths else (False, 0)
        if found > most and found[1] > 1:
            best, most = separator, found
    return best


def _quotes_are_plain(text: str) -> bool:
    """Whether the quotes of a tab-separated file belong to its texts.

    They do if all lines have as many tabs as the first, so that no cell needs quotes, and a cell begins with a quote that does not
    enclose it.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
    rows = [row for row in reader if row]
    if len({len(row) for row in rows}) != 1:
        return False
    return any(cell.startswith('"') and not _WRITTEN.fullmatch(cell) for row in rows for cell in row)


def _records(path: Path, text: str, separator: str, is_plain: bool, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """The line and the cells of each record; empty lines are none."""
    quoting: Literal[0, 3] = csv.QUOTE_NONE if is_plain else csv.QUOTE_MINIMAL
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting, strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line + skipped, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{path}, line {line + skipped}: expected a quote that encloses a cell to be closed, found: {error}; "
            "quotes inside a cell stand twice; where quotes are characters like others, set data.read.quotes: plain"
        ) from None


# --- JSON


def _is_json(path: Path, text: str) -> bool:
    """Whether a file holds JSON: by its name, or because its first line is an object."""
    if _suffix(path) in (".json", ".jsonl", ".ndjson"):
        return True
    first = text.partition("\n")[0]
    try:
        return first.startswith("{") and isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _json_table(path: Path, text: str, encoding: str, form: Form) -> Table:
    """Objects, one a line or in one list, as rows."""
    if text.lstrip().startswith("["):
        objects, lines, words = _json_value(path, text, 1), [], "a JSON list"
        numbered = [(f"entry {number}", value) for number, value in enumerate(objects, 1)]
    else:
        # Only these end a line: JSON may hold the other characters that `splitlines` splits at.
        pieces = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        numbered = [(f"line {number}", _json_value(path, line, number)) for number, line in pieces]
        lines, words = [number for number, _ in pieces], "JSON Lines"
    for place, value in numbered:
        if not isinstance(value, dict):
            raise InputError(f"{path}, {place}: expected a JSON object, found {visible(json.dumps(value))}")
    return object_table(path, [value for _, value in numbered], form, f"{words}, {encoding}", lines)


def object_table(
    path: Path, objects: list[dict[str, Any]], form: Form, words: str, lines: list[int] | None = None
) -> Table:
    """Objects as rows; an object's entries are its cells, and those of objects inside it have dotted names.

    A cell that is plain in one object and an object in another is kept whole in both, as JSON.

    Args:
        words: how they were read.
        lines: the line in which each begins.

    Raises:
        InputError: the list whose entries are rows is in no object.
    """
    lines = lines or []
    if form.rows is not None:
        parts = _entries(path, objects, form.rows)
        objects = [part for of_object in parts for part in of_object]
        lines = [line for line, of_object in zip(lines, parts, strict=False) for _ in of_object]
        words += f", a row for each entry of {visible(form.rows)}"
    elif several := list(dict.fromkeys(name for value in objects for name, item in value.items() if _is_several(item))):
        words += f", entries of {listed(several)} together (read.rows makes each a row)"
    flat = [_flat(value) for value in objects]
    columns = list(dict.fromkeys(name for cells in flat for name in cells))
    rows = [
        [_cell(cells.get(name, value.get(name) or None)) for name in columns]
        for cells, value in zip(flat, objects, strict=True)
    ]
    return Table(columns, rows, words, lines)


def _is_several(item: Any) -> bool:
    """Whether a value is a list of several objects."""
    return isinstance(item, list) and len(item) > 1 and all(isinstance(part, dict) for part in item)


def refuse_rows(path: Path, form: Form) -> None:
    """Refuse `data.read.rows` for a file whose cells hold no lists.

    Raises:
        InputError: the form asks for the entries of a list.
    """
    if form.rows is not None:
        raise InputError(f"{path}: expected objects with a list {form.rows} (data.read.rows), found a table of cells")


def _entries(path: Path, objects: list[dict[str, Any]], name: str) -> list[list[dict[str, Any]]]:
    """Each object once for each entry of a list in it, or as it is if it has no entry.

    Args:
        name: of the list, dotted if it is inside other objects.
    """
    parts = [_parts(value, name) for value in objects]
    if not any(parts):
        names = listed(dict.fromkeys(key for value in objects for key in value))
        raise InputError(f"{path}: expected objects with a list {name} (data.read.rows), found {names}")
    return [found or [value] for found, value in zip(parts, objects, strict=True)]


def _parts(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """An object once for each entry of a list in it, with the entry in the list's place; none without entries."""
    first, _, rest = name.partition(".")
    inside = value.get(first)
    if rest:
        return [{**value, first: part} for part in _parts(inside, rest)] if isinstance(inside, dict) else []
    return [{**value, first: part} for part in inside] if isinstance(inside, list) else []


def _json_value(path: Path, text: str, line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{path}, line {line + error.lineno - 1}, character {error.colno}"
        raise InputError(f"{place}: expected JSON (objects, one a line or in a list), found: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}, line {line}: expected JSON that can be read, found: {error}") from None


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """An object's entries by their dotted names; through a list of objects a name leads to the values of all of them."""
    cells: dict[str, Any] = {}
    for key, item in value.items():
        name = f"{prefix}{key}"
        if isinstance(item, dict):
            cells |= _flat(item, f"{name}.")
        elif isinstance(item, list) and item and all(isinstance(part, dict) for part in item):
            for part in item:
                for inner, found in _flat(part, f"{name}.").items():
                    cells.setdefault(inner, []).extend(found if isinstance(found, list) else [found])
        else:
            cells[name] = item
    return cells


def _cell(value: Any) -> str:
    """A value as text: what is missing is empty, a list is JSON; of bytes nothing is kept but that there are some."""
    if value is None or value != value:  # NaN, which is no value either
        return ""
    if isinstance(value, bool | int | float | list | dict):
        return json.dumps(value, ensure_ascii=False, default=lambda other: f"({type(other).__name__})")
    return "(bytes)" if isinstance(value, bytes) else str(value)
