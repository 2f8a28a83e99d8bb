"""Files as tables of text cells: CSV and its relatives, JSON Lines, each also compressed by gzip.

Reads with the standard library alone, since planning reads such files, too, and Snakemake's process loads no pandas. What a file does not
say about itself is recognised by the rules below, and told in words; a config's `data.read` has the last word.
"""

import csv
import itertools
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from emotion_grid.base.messages import InputError
from emotion_grid.data.opening import encoding_of, head_of, lines_of
from emotion_grid.data.problems import listed, visible

SEPARATORS = {"comma": ",", "tab": "\t", "semicolon": ";", "bar": "|"}
"""Names of the separators; of two that fit a file equally well the first is taken."""

TRIED = 50
"""Records by which a separator is recognised."""

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


@dataclass(frozen=True)
class Stream:
    """A file's cells as text, row by row, for files of any size; a row may have more or fewer cells than there are columns.

    Attributes:
        form: how the file is read, in words.
        rows: of each row the line in which it begins (None where a file has no lines) and its cells.
    """

    columns: list[str]
    form: str
    rows: Iterator[tuple[int | None, list[str]]]


_Rows = TypeVar("_Rows", Table, Stream)


def kind(path: Path) -> str:
    """What a path holds: `folder` (of `datasets`), `parquet`, `excel`, or `text`, which this module reads.

    Raises:
        InputError: nothing is there, another folder, or a file whose compression is broken.
    """
    if path.is_dir():
        return _kind_of_folder(path)
    return KINDS.get(head_of(path)[:4], "text")


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
    text = _Text(path, form)
    if not text.is_json:
        refuse_rows(path, form)
    table = _json_table(text, form) if text.is_json else table_of(_separated(text, form))
    return with_header(path, table)


def stream_text(path: Path, form: Form) -> Stream:
    """A file of text row by row; only a JSON list, and objects whose lists become rows, are held in memory.

    Raises:
        InputError: as `read_text`; also while rows are read.
    """
    text = _Text(path, form)
    if not text.is_json:
        refuse_rows(path, form)
        stream = _separated(text, form)
    elif text.is_json_list or form.rows is not None:
        stream = stream_of(_json_table(text, form))
    else:
        stream = object_stream(lambda: _json_objects(text), _json_words(text))
    return with_header(path, stream)


def table_of(stream: Stream) -> Table:
    """All rows of a stream."""
    rows = list(stream.rows)
    lines = [line for line, _ in rows if line is not None]
    return Table(stream.columns, [cells for _, cells in rows], stream.form, lines)


def stream_of(table: Table) -> Stream:
    """A table, row by row."""
    return Stream(table.columns, table.form, zip(table.lines or itertools.repeat(None), table.rows, strict=False))


def with_header(path: Path, table: _Rows) -> _Rows:
    """A table or stream, whose columns have names, each its own, in one Unicode form (NFC); columns without a name may be several.

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


class _Text:
    """A file of text, whose lines can be read again and again.

    Attributes:
        first: its first line.
        words: its encoding in words.
    """

    def __init__(self, path: Path, form: Form):
        head = head_of(path)
        for first, words in REFUSED.items():
            if head.startswith(first):
                raise InputError(f"{path}: expected a table, found {words}")
        self.path, self._encoding = path, form.encoding or encoding_of(head)
        self.first = next(self.lines(), "").rstrip("\r\n")
        if "\x00" in self.first:
            raise InputError(
                f"{path}, line 1: expected a table of text, found NUL characters; if the file is UTF-16, say so (data.read.encoding: utf-16-le)"
            )
        self.words = {"utf-8-sig": "UTF-8 with a byte order mark"}.get(self._encoding, self._encoding.upper())

    def lines(self, end: str = "", skipped: int = 0) -> Iterator[str]:
        """Its lines from the first on, after those to be skipped."""
        return itertools.islice(lines_of(self.path, self._encoding, end), skipped, None)

    @property
    def has_quotes(self) -> bool:
        """Whether there is a double quote in it."""
        return any('"' in line for line in self.lines())

    @property
    def suffix(self) -> str:
        """How the file's name ends, without what gzip adds."""
        return Path(self.path.name.lower().removesuffix(".gz")).suffix

    @property
    def is_json(self) -> bool:
        """Whether the file holds JSON: by its name, or because its first line is an object."""
        if self.suffix in (".json", ".jsonl", ".ndjson"):
            return True
        try:
            return self.first.startswith("{") and isinstance(json.loads(self.first), dict)
        except (ValueError, RecursionError):
            return False

    @property
    def is_json_list(self) -> bool:
        """Whether a file of JSON is a list, rather than an object in each line."""
        return next((line.lstrip() for line in self.lines() if line.strip()), "").startswith("[")


# --- CSV and its relatives


def _separated(text: _Text, form: Form) -> Stream:
    declared = re.fullmatch(r'"?sep=(.)"?', text.first)
    skipped = 1 if declared else 0
    asked = SEPARATORS[form.separator] if form.separator else declared[1] if declared else None
    separator = asked or _separator(text)
    lines = text.lines(skipped=skipped)
    is_plain = form.quotes == "plain" or (form.quotes is None and separator == "\t" and _quotes_are_plain(lines))
    records = _records(text, separator, is_plain, skipped)
    columns = list(form.header) if form.header else next(records, (0, []))[1]
    name = next((name for name, character in SEPARATORS.items() if character == separator), repr(separator))
    words = [f"separated by {name}" + (", as its first line says" if declared and not form.separator else "")]
    words += [text.words]
    words += ["quotes are plain characters"] if is_plain else ["quotes enclose cells"] if text.has_quotes else []
    words += ["no header line"] if form.header else []
    return Stream(columns, ", ".join(words), records)


def _separator(text: _Text) -> str:
    """The separator by which the first records have most cells, and all as many; a comma for a table of one column."""
    if text.suffix in (".tsv", ".tab") and "\t" in text.first:
        return "\t"
    best, most = ",", (False, 1)
    for separator in SEPARATORS.values():
        reader = csv.reader(text.lines(), delimiter=separator)
        widths = [len(row) for row in itertools.islice((row for row in reader if row), TRIED)]
        found = (len(set(widths)) == 1, widths[0]) if widths else (False, 0)
        if found > most and found[1] > 1:
            best, most = separator, found
    return best


def _quotes_are_plain(lines: Iterable[str]) -> bool:
    """Whether the quotes of a tab-separated file belong to its texts.

    They do if all lines have as many tabs as the first, so that no cell needs quotes, and a cell begins with a quote that does not
    enclose it.
    """
    widths, is_odd = set(), False
    for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        if row:
            widths.add(len(row))
            is_odd = is_odd or any(cell.startswith('"') and not _WRITTEN.fullmatch(cell) for cell in row)
        if len(widths) > 1:
            return False
    return is_odd


def _records(text: _Text, separator: str, is_plain: bool, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """The line and the cells of each record; empty lines are none."""
    quoting: Literal[0, 3] = csv.QUOTE_NONE if is_plain else csv.QUOTE_MINIMAL
    reader = csv.reader(text.lines(skipped=skipped), delimiter=separator, quoting=quoting, strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line + skipped, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{text.path}, line {line + skipped}: expected a quote that encloses a cell to be closed, found: {error}; "
            "quotes inside a cell stand twice; where quotes are characters like others, set data.read.quotes: plain"
        ) from None


# --- JSON


def _json_table(text: _Text, form: Form) -> Table:
    """Objects, one a line or in one list, as rows."""
    objects = list(_json_objects(text))
    lines = [line for line, _ in objects if line is not None]
    return object_table(text.path, [value for _, value in objects], form, _json_words(text), lines)


def _json_words(text: _Text) -> str:
    return f"{'a JSON list' if text.is_json_list else 'JSON Lines'}, {text.words}"


def _json_objects(text: _Text) -> Iterator[tuple[int | None, dict[str, Any]]]:
    """The objects of a file, each with its line if they stand one a line."""
    values: Iterable[tuple[str, int | None, Any]]
    if text.is_json_list:
        entries = enumerate(_json_value(text.path, "".join(text.lines()), 1), 1)
        values = ((f"entry {number}", None, value) for number, value in entries)
    else:
        # Only these end a line: JSON may hold other characters that end lines elsewhere.
        lines = ((number, line) for number, line in enumerate(text.lines("\n"), 1) if line.strip())
        values = (
            (f"line {number}", number, _json_value(text.path, line.removesuffix("\n"), number))
            for number, line in lines
        )
    for place, line, value in values:
        if not isinstance(value, dict):
            raise InputError(f"{text.path}, {place}: expected a JSON object, found {visible(json.dumps(value))}")
        yield line, value


def object_stream(objects: Callable[[], Iterable[tuple[int | None, dict[str, Any]]]], form: str) -> Stream:
    """Objects that can be read twice, as rows: the first time tells the columns. Their cells are those of `object_table`.

    Args:
        objects: of each the line in which it begins, if it has one, and itself.
        form: how they are read, in words.
    """
    columns = list(dict.fromkeys(name for _, value in objects() for name in _flat(value)))
    rows = ((line, _cells(_flat(value), value, columns)) for line, value in objects())
    return Stream(columns, form, rows)


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
    rows = [_cells(cells, value, columns) for cells, value in zip(flat, objects, strict=True)]
    return Table(columns, rows, words, lines)


def _cells(flat: dict[str, Any], value: dict[str, Any], columns: list[str]) -> list[str]:
    """The cells of an object; one that is an object where others have a plain value stays whole."""
    return [_cell(flat.get(name, value.get(name) or None)) for name in columns]


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
