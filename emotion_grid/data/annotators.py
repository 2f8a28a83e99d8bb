"""Answers of single annotators: who gave which labels to which text of a study; with the standard library alone, as planning reads them.

No part of what preparation imports: what is added here renames no run.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.data.cleaning import clean
from emotion_grid.data.forms import Table, kind, read_text
from emotion_grid.data.labels import LabelCells, any_of, entries
from emotion_grid.data.mapping import COLUMN, Mapping, missing_columns, read_mapping
from emotion_grid.data.problems import Problem, explain, listed, wrong_width
from emotion_grid.data.texts import map_table


@dataclass(frozen=True)
class Source:
    """A file of annotators' answers, as `data.annotators` in a config declares it.

    Attributes:
        mapping: what of the file is id, text and labels. Its labels are those of the study and then those that the study lacks; its
            `ratings` are columns of single annotators.
        labels: how many of the mapping's labels are the study's.
        annotator: the column that names who answered; None where `ratings` does.
        clean: the steps that the study's texts went through.
    """

    path: Path
    mapping: Mapping
    labels: int
    annotator: str | None
    clean: tuple[str, ...]

    def cleaned(self, text: str) -> str:
        """A text as the study's own went into its splits."""
        return clean(text, list(self.clean))


def source_of(section: dict[str, Any], labels: list[str]) -> Source:
    """The file of answers of a study.

    Args:
        section: `annotators` of its plan.json.
        labels: of the study.
    """
    reading = section["reading"]
    others = [label for label in reading.get("labels", {}) if label not in labels]
    mapping = read_mapping({"labels": [*labels, *others], "reading": reading})
    return Source(Path(section["file"]), mapping, len(labels), section["annotator"], tuple(section["clean"]))


@dataclass(frozen=True)
class Item:
    """A text as the annotators had it.

    Attributes:
        row: the number of its first row, from 1 below the header.
        id: empty in a file without ids.
    """

    row: int
    id: str
    text: str


@dataclass(frozen=True)
class Answers:
    """Who gave which labels to which text.

    Attributes:
        annotators: their names.
        given: 1.0, 0.0 or None for each label, by the places of text and annotator; those who said nothing of a text are left out.
    """

    items: list[Item]
    annotators: list[str]
    given: dict[tuple[int, int], list[float | None]]


def read_answers(table: Table, source: Source) -> Answers:
    """The answers in a file. A text that stands twice, in a file without ids, is two texts.

    Raises:
        InputError: a column that is missing, emotions without a mapping, and all rows that cannot be used.
    """
    _check_columns(table, source)
    _check_emotions(table, source)
    rows = _Rows(table, source)
    for number, cells in enumerate(table.rows, 1):
        rows.read(number, cells)
    if rows.problems:
        raise InputError(explain(source.path, rows.problems))
    return rows.answers()


def planned_answers(source: Source) -> Answers | None:
    """The same, as planning reads them; None for a file that it cannot read.

    Raises:
        InputError: as `read_answers`, or no table.
    """
    if kind(source.path) != "text":
        return None
    return read_answers(read_text(source.path, source.mapping.form), source)


def planned_texts(path: Path, mapping: Mapping) -> list[tuple[str, str]] | None:
    """Ids and texts of a raw file of the study; None for what planning cannot read.

    Raises:
        InputError: no table, or a column that is missing.
    """
    if kind(path) != "text":
        return None
    mapped = map_table(read_text(path, mapping.form), mapping, path, gold=False)
    return list(zip(mapped.ids, mapped.texts, strict=True))


def _check_columns(table: Table, source: Source) -> None:
    """Refuse a file that lacks a column. Where ids say which text is meant, texts may be missing."""
    missing = missing_columns(table.columns, source.mapping, gold=True)
    if source.mapping.id is not None:
        missing = [name for name in missing if name not in source.mapping.text_columns]
    if source.annotator is not None and source.annotator not in table.columns:
        missing.append(source.annotator)
    if missing:
        raise InputError(
            f"{source.path}: expected the column {missing[0]}, found {listed(table.columns)}; data.annotators names the columns"
        )


def _check_emotions(table: Table, source: Source) -> None:
    """Refuse emotions that belong to no label and, in a file with a row for each emotion, labels that no row is about."""
    mapping, column = source.mapping, source.mapping.label_column
    if column is None:
        return
    place, known = table.columns.index(column), mapping.known_classes
    cells = {cells[place].strip() for cells in table.rows if place < len(cells)} - set(mapping.unlabelled)
    found = {entry for cell in cells for entry in entries(cell, known)}
    if strange := sorted(found - set(known)):
        raise InputError(
            f"{source.path}, column {column}: expected emotions that data.annotators.labels maps to labels, found {listed(strange)} without a "
            "mapping; name each under its label, or under a name of its own if the study has no label for it"
        )
    for label, names in mapping.labels[: source.labels] if mapping.ratings else ():
        if not found & set(names):
            raise InputError(
                f"{source.path}, column {column}: expected rows for every label of the study, found none for {label} ({listed(names)}); "
                f"the file has {listed(sorted(found))}: map them in data.annotators.labels"
            )


class _Rows:
    """The rows of a file, read one after the other; what is wrong is noted."""

    def __init__(self, table: Table, source: Source):
        self.table, self.source = table, source
        self.place = {name: place for place, name in reversed(list(enumerate(table.columns)))}
        self.labels = LabelCells(self.place, source.mapping)
        self.problems: list[Problem] = []
        self.items: dict[tuple[str, int], Item] = {}
        self.seen: Counter[tuple[str, str]] = Counter()
        self.said: dict[tuple[tuple[str, int], str], list[list[float | None]]] = {}

    def read(self, number: int, cells: list[str]) -> None:
        """Take the answers of a row: one annotator's for all labels, or all annotators' for one emotion."""
        columns, mapping = self.table.columns, self.source.mapping
        if len(cells) != len(columns):
            line = self.table.lines[number - 1] if self.table.lines else None
            self.problems.append(wrong_width(number, "", cells, columns, line))
            return
        id_ = "" if mapping.id is None else cells[self.place[mapping.id]]
        text = self._text(cells)
        part = cells[
            self.place[self.source.annotator or mapping.label_column or ""]
        ]  # what of the text the row is about

        def complain(column: str | None, expected: str, found: str) -> None:
            self.problems.append(Problem(number, id_, column, expected, found))

        if not (text if mapping.id is None else id_).strip():
            complain(mapping.id or mapping.text, "an id" if mapping.id else "a text", "none")
        elif self.source.annotator is not None and not part.strip():
            complain(self.source.annotator, "the name of an annotator", "none")
        key = text if mapping.id is None else id_
        self.seen[key, part] += 1
        item = (key, self.seen[key, part])  # a text that stands twice is two texts
        self.items.setdefault(item, Item(number, id_, text))
        for label, rater, value in self.labels.ratings(number, cells, complain):
            name = rater if self.source.annotator is None else part.strip()
            said = self.said.setdefault((item, name), [[] for _ in mapping.labels])
            said[label].append(value)

    def _text(self, cells: list[str]) -> str:
        mapping = self.source.mapping
        if mapping.text in self.place:
            return cells[self.place[mapping.text]]
        if not set(mapping.text_columns) <= set(self.place):
            return ""  # ids say which text is meant
        return COLUMN.sub(lambda found: cells[self.place[found[1]]], mapping.text)

    def answers(self) -> Answers:
        """What was read; a label that unites several emotions is given where one of them is."""
        names = list(self.source.mapping.ratings) or list(dict.fromkeys(name for _, name in self.said))
        places = {item: place for place, item in enumerate(self.items)}
        given = {}
        for (item, name), said in self.said.items():
            values = [any_of(of_label) for of_label in said[: self.source.labels]]
            if any(value is not None for value in values):
                given[places[item], names.index(name)] = values
        return Answers(list(self.items.values()), names, given)
