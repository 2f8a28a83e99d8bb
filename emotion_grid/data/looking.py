"""A first look at a file: how it is read, its first rows, and a config section to start from, with a remark at what was guessed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from emotion_grid.data.forms import Form, Table
from emotion_grid.data.labels import TRUTHS, entries
from emotion_grid.data.mapping import MAJORITY, read_mapping
from emotion_grid.data.problems import explain, visible
from emotion_grid.data.sources import read_source
from emotion_grid.data.telling import FIRST, told
from emotion_grid.data.texts import map_table

LOOKED_AT = 5000
"""Rows by which columns are judged."""

MOST_CLASSES = 100
"""A column with more classes holds no labels."""

HEADER_CELL = 40
"""Characters of a column's name; a longer cell is a text, so that the file has no header."""

IDS = re.compile(r"(.*[^a-z])?(id|key|index)", re.IGNORECASE)
TEXTS = re.compile(r"(.*\.)?(text|tweet|sentence|comment|content|utterance|post|message|sit|review)", re.IGNORECASE)
LABELS = re.compile(r"(.*\.)?(labels?|emotions?|class(es)?|choices?|sentiment|field1)", re.IGNORECASE)


@dataclass
class Section:
    """The keys of `data` in a config, and remarks at those that were guessed."""

    keys: dict[str, Any] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)

    def set(self, key: str, value: Any, remark: str = "") -> None:
        """Set a key."""
        self.keys[key] = value
        if remark:
            self.remarks[key] = remark

    def text(self) -> str:
        """The section as YAML; nothing in it but what can be seen."""
        lines = ["data:"]
        for key, value in self.keys.items():
            remark = f"  # {self.remarks[key]}" if key in self.remarks else ""
            lines.append(f"  {key}: {_flow(value)}{remark}")
        return "\n".join(lines)


def _flow(value: Any) -> str:
    """A value as one line of YAML."""
    for allow_unicode in (True, False):
        text = yaml.safe_dump(value, default_flow_style=True, width=10**9, allow_unicode=allow_unicode, sort_keys=False)
        line = text.removesuffix("...\n").strip()
        if line.isprintable():
            break
    return line


def look(paths: list[Path], form: Form) -> Iterator[str]:
    """What the files hold, line by line, and a config section for them.

    Args:
        paths: files of one data set; the first decides the section.
        form: what is not to be recognised.

    Raises:
        InputError: a file that is no table.
    """
    tables = []
    for path in paths:
        table, header = _read(path, form)
        tables.append((table, header))
        yield f"{path}: {table.form}; {len(table.rows):,} rows"
        for number, cells in enumerate(table.rows[:FIRST], 1):
            shown = zip(table.columns, cells, strict=False)
            yield f"  row {number}: " + "; ".join(f"{visible(name, 30)} = {visible(cell)}" for name, cell in shown)
    (table, header), section = tables[0], Section()
    files = {_split(path): str(path) for path in reversed(paths)}
    files = files if "train" in files else {"train": str(paths[0])}
    for split in files:
        section.set(split, files[split])
    asked = {key: value for key, value in vars(form).items() if value is not None}
    if header:
        section.set("read", {**asked, "header": header}, "no header line was found: name the columns")
    elif asked:
        section.set("read", asked)
    _guess(table, section)
    yield from _understood(paths[0], table, section)
    yield ""
    yield section.text()


def _read(path: Path, form: Form) -> tuple[Table, list[str]]:
    """A file, and names for its columns if it has no header."""
    table = read_source(path, form)
    if not _lacks_header(table):
        return table, []
    names = [f"column_{number}" for number in range(1, len(table.columns) + 1)]
    return read_source(path, replace(form, header=tuple(names))), names


def _split(path: Path) -> str:
    """The split that a file's name tells of."""
    name = path.name.lower()
    return "test" if "test" in name else "dev" if re.search("dev|valid", name) else "train"


def _understood(path: Path, table: Table, section: Section) -> Iterator[str]:
    """How the section reads the file."""
    labels = section.keys["labels"]
    if not labels:
        yield "no column was found that holds labels: name them under `labels` or `label_column`"
        return
    reading = {key: section.keys[key] for key in section.keys if key not in ("train", "dev", "test", "labels")}
    if isinstance(labels, dict):
        reading["labels"] = {label: [name] if isinstance(name, str) else name for label, name in labels.items()}
    mapping = read_mapping({"labels": list(labels), "reading": reading})
    mapped = map_table(table, mapping, path, gold=False)
    yield "with the section below:"
    yield from (f"  {line}" for line in list(told("train", str(path), table, mapping, mapped))[1:])
    if mapped.problems:
        yield explain(path, mapped.problems)


def _lacks_header(table: Table) -> bool:
    """Whether the first line of a file is a row: it holds a number or a text where a column's name should stand."""
    if not table.lines or table.form.startswith("JSON"):
        return False
    return any(_is_number(name) or len(name) > HEADER_CELL for name in table.columns)


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", cell.strip()) is not None


# --- guessing


def _guess(table: Table, section: Section) -> None:
    """Which columns are id, text and labels."""
    rows = [row for row in table.rows[:LOOKED_AT] if len(row) == len(table.columns)]
    cells = {name: [row[place].strip() for row in rows] for place, name in enumerate(table.columns) if name.strip()}
    text = _text_column(cells)
    id_, is_rated = _id_column(cells, text)
    if (id_, text) != ("id", "text"):
        remark = "no column of ids was found: the rows are numbered" if id_ is None else "guessed"
        section.set("columns", {"id": id_, "text": text}, remark)
    others = {name: values for name, values in cells.items() if name not in (id_, text) and any(values)}
    truths = [name for name, values in others.items() if all(map(_is_truth, values))]
    levels = [name for name, values in others.items() if name not in truths and all(map(_is_level, values))]
    numbers = [name for name in others if name in truths or name in levels]
    classes = _label_column(others, numbers)
    in_rows = classes is not None and is_rated and bool(numbers)
    in_columns = not in_rows and (len(numbers) > 1 or (classes is None and bool(truths)))
    if in_columns:
        section.set("labels", _labels(numbers), "guessed: remove what is no label")
    elif classes is not None:
        _set_classes(section, classes, others)
    else:
        section.set("labels", [], "no column was found that holds labels")
        return
    if is_rated and in_rows:
        remark = "guessed: one row a text and class, one column a rater"
        section.set("raters", {"unite": MAJORITY, "columns": numbers}, remark)
    elif is_rated:
        section.set("raters", {"unite": MAJORITY}, "guessed: several rows have one id, or one text")
    if levels and (in_rows or in_columns):
        section.set("positive_from", 1, "guessed: from which intensity on a label counts")


def _is_truth(cell: str) -> bool:
    """Whether a cell may be 0 or 1."""
    return cell.lower() in ("", "1.0", "0.0", *TRUTHS)


def _is_level(cell: str) -> bool:
    """Whether a cell may be an intensity."""
    return cell == "" or re.fullmatch(r"[0-9](\.[0-9]+)?|10(\.0+)?", cell) is not None


def _text_column(cells: dict[str, list[str]]) -> str:
    """The column of texts: by its name, or the one with the longest cells."""
    length = {name: sum(map(len, values)) for name, values in cells.items()}
    named = [name for name in cells if TEXTS.fullmatch(name) and length[name]]
    return max(named or cells, key=length.__getitem__)


def _id_column(cells: dict[str, list[str]], text: str) -> tuple[str | None, bool]:
    """The column of ids, and whether several rows belong to one text."""
    texts = len(set(cells[text]))
    for name in (name for name in cells if name != text and IDS.fullmatch(name)):
        different = len(set(cells[name]))
        if different == len(cells[name]):
            return name, False
        if different > 1 and len(set(zip(cells[name], cells[text], strict=True))) == different:
            return name, True
    for name, values in cells.items():
        if name != text and len(set(values)) == len(values) and all(re.fullmatch(r"\S{1,64}", cell) for cell in values):
            return name, False
    return None, texts * 2 <= len(cells[text])


def _label_column(cells: dict[str, list[str]], numbers: list[str]) -> str | None:
    """The column that names classes: few different entries, each in several rows; by its name, or the first."""
    found: list[tuple[bool, int, str]] = []
    for name, values in cells.items():
        different = {entry for value in set(values) for entry in entries(value)}
        longest = max(map(len, different), default=0)
        is_named = LABELS.fullmatch(name) is not None
        if (
            (is_named or name not in numbers)
            and 1 < len(different) <= min(MOST_CLASSES, len(values))
            and longest <= HEADER_CELL
        ):
            found.append((not is_named, len(found), name))
    return min(found)[2] if found else None


def _set_classes(section: Section, column: str, cells: dict[str, list[str]]) -> None:
    """The label column with its classes."""
    section.set("label_column", column, "guessed")
    found = list(dict.fromkeys(entry for value in cells[column] for entry in entries(value)))
    if all(re.fullmatch(r"[0-9]+(\.0)?", entry) for entry in found):
        names = [f"class_{number}" for number in range(int(max(map(float, found))) + 1)]
        section.set(
            "classes", names, "name them in the order of their numbers, or give a file with a name in each line"
        )
        section.set("labels", names, "the classes to learn, or `label: [class, class]` to unite some")
    else:
        section.set("labels", _labels(sorted(found)), "the classes that were found")


def _labels(names: list[str]) -> list[str] | dict[str, str]:
    """Labels of these names; a mapping where a name cannot be a label's."""
    fit: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        label = "".join(mark for mark in name if mark.isprintable()).strip()[:40].strip()
        fit[f"label-{number}" if label in ("", "id", "text", *fit) else label] = name
    return names if list(fit) == names else fit
