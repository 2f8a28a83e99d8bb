"""From a file's cells to ids, texts and labels, and all that is wrong with its rows; with the standard library alone.

A label's value is 1.0, 0.0 or None, which means that it is not known.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.data.forms import Table
from emotion_grid.data.labels import Complain, LabelCells, any_of, share_of
from emotion_grid.data.mapping import COLUMN, Mapping, missing_columns
from emotion_grid.data.problems import WHOLE_CHARACTERS, Problem, half_character, listed, visible, wrong_width

UNKNOWN = "leave the cells of a label empty that this file does not annotate"

ADVICE = "`python -m scripts.look_at_data` prints a config section for a file with other columns"


@dataclass(frozen=True)
class Mapped:
    """The texts of a file, without rows that cannot be used.

    Attributes:
        rows: number of the (first) row of each text, from 1 below the header.
        values: of each text's labels; None throughout where the file has no labels.
        problems: why rows cannot be used, in their order.
    """

    rows: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    values: list[list[float | None]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, row: int, id_: str, text: str, values: list[float | None]) -> None:
        """Add a text."""
        self.rows.append(row)
        self.ids.append(id_)
        self.texts.append(text)
        self.values.append(values)

    def keys(self) -> list[list[str]]:
        """Id and text of each."""
        return [[id_, text] for id_, text in zip(self.ids, self.texts, strict=True)]

    def without(self, problems: list[Problem]) -> "Mapped":
        """The same without the rows of some problems, which join the others."""
        bad = {problem.row for problem in problems}
        left = Mapped(problems=sorted([*self.problems, *problems], key=lambda problem: problem.row))
        for row, id_, text, values in zip(self.rows, self.ids, self.texts, self.values, strict=True):
            if row not in bad:
                left.add(row, id_, text, values)
        return left


def map_table(table: Table, mapping: Mapping, path: str | Path, gold: bool) -> Mapped:
    """A file's texts and labels, and all that is wrong with its rows.

    Args:
        path: what error messages name.
        gold: whether the file must be labelled.

    Raises:
        InputError: a column that is missing, or no rows.
    """
    if not table.rows:
        raise InputError(f"{path}: expected at least one row, found none")
    if missing := missing_columns(table.columns, mapping, gold):
        is_one_of_several = mapping.label_column is None and missing[0] in mapping.label_columns
        advice = UNKNOWN if is_one_of_several and set(mapping.label_columns) - set(missing) else ADVICE
        raise InputError(f"{path}: expected the column {missing[0]}, found {listed(table.columns)}; {advice}")
    if not set(mapping.label_columns) & set(table.columns):
        mapping = replace(mapping, label_column=None, ratings=(), labels=tuple((name, ()) for name in mapping.names))
    rows = _Rows(table, mapping)
    mapped = rows.united() if mapping.raters is not None else rows.single()
    if not gold or not mapping.labels:
        return mapped
    unknown = [label for label in range(len(mapping.labels)) if all(values[label] is None for values in mapped.values)]
    if unknown and not mapped.problems:
        column = visible(rows.labels.column_of(unknown[0]))
        raise InputError(f"{path}, column {column}: expected {rows.labels.expected} in at least one row, found nothing")
    return mapped.without(list(_without_labels(mapped)))


def _without_labels(mapped: Mapped) -> Iterable[Problem]:
    """The texts of which no label is known: a file that must be labelled may have none."""
    for row, id_, values in zip(mapped.rows, mapped.ids, mapped.values, strict=True):
        if all(value is None for value in values):
            found = "nothing; fill the row in or remove it"
            yield Problem(row, id_, None, "0 or 1 for at least one label", found)


class _Rows:
    """The rows of a table, read one after the other; what is wrong is noted, and the row is left out."""

    def __init__(self, table: Table, mapping: Mapping):
        self.table, self.mapping = table, mapping
        self.place = {name: place for place, name in reversed(list(enumerate(table.columns)))}
        self.labels = LabelCells(self.place, mapping)
        self.problems: list[Problem] = []

    def single(self) -> Mapped:
        """Every row as a text."""
        found, first = Mapped(problems=self.problems), dict[str, int]()
        for number, cells, complain in self._numbered():
            before = len(self.problems)
            id_, text = self._id_and_text(number, cells, complain)
            if id_.strip() and first.setdefault(id_, number) != number:
                complain(self.mapping.id, "ids that are unique", f"the id of row {first[id_]} again")
            values = self.labels.values(cells, complain)
            if len(self.problems) == before:
                found.add(number, id_, text, values)
        return found

    def united(self) -> Mapped:
        """Every text once, with the labels that enough of its raters gave; rows belong together by their id, or by their text without ids."""
        found, place = Mapped(problems=self.problems), dict[str, int]()
        answers: list[list[dict[Any, list[float | None]]]] = []
        for number, cells, complain in self._numbered():
            before = len(self.problems)
            id_, text = self._id_and_text(number, cells, complain)
            key = text if self.mapping.id is None else id_
            if key in place and found.texts[place[key]] != text:
                first = found.rows[place[key]]
                complain(self.mapping.text, f"the text of row {first}, which has the same id", "another")
            ratings = list(self.labels.ratings(number, cells, complain))
            if len(self.problems) > before:
                continue
            if key not in place:
                place[key] = len(found.rows)
                found.add(number, id_, text, [])
                answers.append([{} for _ in self.mapping.labels])
            for label, rater, value in ratings:
                answers[place[key]][label].setdefault(rater, []).append(value)
        for values, of_text in zip(found.values, answers, strict=True):
            least = self.mapping.raters or 0
            values.extend(share_of([any_of(given) for given in of_label.values()], least) for of_label in of_text)
        return found

    def _numbered(self) -> Iterator[tuple[int, list[str], Complain]]:
        """Number and cells of each row that has as many cells as there are columns, and where to complain about it."""
        names = self.table.columns
        for number, cells in enumerate(self.table.rows, 1):
            id_ = self._cell(cells, self.mapping.id) if self.mapping.id is not None else ""

            def complain(column: str | None, expected: str, found: str, number: int = number, id_: str = id_) -> None:
                self.problems.append(Problem(number, id_, column, expected, found))

            if len(cells) == len(names):
                yield number, cells, complain
            else:
                line = self.table.lines[number - 1] if self.table.lines else None
                self.problems.append(wrong_width(number, id_, cells, names, line))

    def _cell(self, cells: list[str], column: str) -> str:
        place = self.place[column]
        return cells[place] if place < len(cells) else ""

    def _id_and_text(self, number: int, cells: list[str], complain: Complain) -> tuple[str, str]:
        mapping = self.mapping
        id_ = str(number) if mapping.id is None else self._cell(cells, mapping.id)
        if mapping.text in self.place:
            text = self._cell(cells, mapping.text)
        else:
            text = COLUMN.sub(lambda found: self._cell(cells, found[1]), mapping.text)
        if not id_.strip():
            complain(mapping.id or "id", "an id", "none")
        if not any(self._cell(cells, column).strip() for column in mapping.text_columns):
            complain(mapping.text, "a text", "none")
        for column, value in ((mapping.id or "id", id_), (mapping.text, text)):
            if half := half_character(value):
                complain(column, WHOLE_CHARACTERS, half)
        return id_, text
