"""Cells that decide labels: 0 and 1, intensities, or names and numbers of classes."""

import ast
import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from emotion_grid.data.mapping import MAJORITY, Mapping
from emotion_grid.data.problems import listed, visible

TRUTHS = {"1": 1.0, "true": 1.0, "yes": 1.0, "0": 0.0, "false": 0.0, "no": 0.0}
"""What is plainly 1 or 0, in lower case; so are 1.0 and 0.0."""

MOST_SEEN = 10_000
"""Combinations of cells that are read once; most rows of a file share their labels with many others."""

_ENTRY = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s,;|]+""", re.DOTALL)
"""An entry of a list as Python and NumPy write it."""

Complain = Callable[[str | None, str, str], None]
"""Takes note of what is wrong with a row: the column (None for the row as a whole), what was expected and what was found."""


class LabelCells:
    """What the cells of a row say of its labels.

    Args:
        place: of each column in a row.
        mapping: what the columns mean.
    """

    def __init__(self, place: dict[str, int], mapping: Mapping):
        self.place, self.mapping = place, mapping
        self.columns = [] if mapping.label_column is not None else [place[name] for name in mapping.label_columns]
        self.read: dict[str, float | None] = dict.fromkeys(mapping.unlabelled)
        self.seen: dict[tuple[str, ...], list[float | None]] = {}
        self.members: dict[str, list[int]] = {}
        for label, (_, names) in enumerate(mapping.labels):
            for name in names:
                self.members.setdefault(name, []).append(label)

    @property
    def expected(self) -> str:
        """What a cell of labels holds, in words."""
        if self.mapping.positive_from is not None:
            return "a number"
        if self.mapping.label_column is not None and not self.mapping.ratings:
            return "a class"
        return "0 or 1"

    def column_of(self, label: int) -> str:
        """The column in which a label's value stands, or the label itself where several hold it."""
        name, columns = self.mapping.labels[label]
        return self.mapping.label_column or (columns[0] if len(columns) == 1 else name)

    def values(self, cells: list[str], complain: Complain) -> list[float | None]:
        """The labels of a row that is a text, or one rater's answer for a text."""
        if self.mapping.label_column is not None:
            return self._of_classes(cells[self.place[self.mapping.label_column]], complain)
        given = tuple([cells[place] for place in self.columns])
        if given not in self.seen:
            read = {
                column: self._number(cell, column, complain)
                for column, cell in zip(self.mapping.label_columns, given, strict=True)
            }
            values = [any_of([read[column] for column in columns]) for _, columns in self.mapping.labels]
            if len(self.seen) == MOST_SEEN or not all(cell.strip() in self.read for cell in given):
                return values
            self.seen[given] = values
        return list(self.seen[given])

    def _number(self, cell: str, column: str, complain: Complain) -> float | None:
        """A cell as 1, 0 or not known; a file holds few different ones, and each is read once."""
        cell = cell.strip()
        if cell not in self.read:
            cell = unicodedata.normalize("NFC", cell)
        if cell not in self.read:
            value = self._truth(cell)
            if value is None:
                unknown = ", or nothing where the label is not annotated" if "" in self.mapping.unlabelled else ""
                complain(column, self.expected + unknown, visible(cell) or "nothing")
                return None
            self.read[cell] = value
        return self.read[cell]

    def _truth(self, cell: str) -> float | None:
        """What a cell says, 1 or 0; None if it says neither."""
        if self.mapping.positive_from is None:
            return TRUTHS.get(re.sub(r"^([01])\.0+$", r"\1", cell).lower())
        try:
            value = float(cell)
        except ValueError:
            return None
        return None if math.isnan(value) else float(value >= self.mapping.positive_from)

    def _of_classes(self, cell: str, complain: Complain) -> list[float | None]:
        """The labels of the classes that a cell names."""
        if unicodedata.normalize("NFC", cell.strip()) in self.mapping.unlabelled:
            return [None] * len(self.mapping.labels)
        values: list[float | None] = [0.0] * len(self.mapping.labels)
        for name in self._classes(cell, complain):
            for label in self.members.get(name, ()):
                values[label] = 1.0
        return values

    def _classes(self, cell: str, complain: Complain) -> list[str]:
        """The classes that a cell names, by names or by numbers."""
        known, declared = self.mapping.known_classes, self.mapping.classes
        names = []
        for entry in entries(cell, known):
            number = re.fullmatch(r"([0-9]{1,9})(\.0)?", entry)
            if entry in known:
                names.append(entry)
            elif number and int(number[1]) < len(declared):
                names.append(declared[int(number[1])])
            else:
                numbers = f", or a number from 0 to {len(declared) - 1}" if declared else ""
                complain(
                    self.mapping.label_column or "", f"one of {listed(known)}{numbers}", visible(entry) or "nothing"
                )
        return names

    def ratings(self, number: int, cells: list[str], complain: Complain) -> Iterator[tuple[int, Any, float | None]]:
        """Label, rater and value of all that a row says."""
        column = self.mapping.label_column
        if not self.mapping.ratings or column is None:
            yield from ((label, number, value) for label, value in enumerate(self.values(cells, complain)))
            return
        for name in self._classes(cells[self.place[column]], complain):
            for rater in self.mapping.ratings:
                value = self._number(cells[self.place[rater]], rater, complain)
                yield from ((label, rater, value) for label in self.members.get(name, ()))


def share_of(answers: list[float | None], least: float | str) -> float | None:
    """1 if enough of the raters that answered gave a label.

    Args:
        least: the share that is enough, or `majority`.
    """
    known = [value for value in answers if value is not None]
    if not known:
        return None
    share = sum(known) / len(known)
    return float(share > 0.5 if least == MAJORITY else share >= float(least) - 1e-9)


def any_of(values: list[float | None]) -> float | None:
    """1 if one of several is; else not known if one of them is not, or if there is none."""
    if 1.0 in values:
        return 1.0
    return None if None in values or not values else 0.0


def entries(cell: str, known: Iterable[str] = ()) -> list[str]:
    """The entries of a cell that holds one or a list of them, in Unicode's normal form C.

    A list is written with commas, semicolons or bars between its entries, or in brackets as JSON, Python and NumPy write it; Label Studio
    sets an object around it (`{"choices": [...]}`).

    Args:
        known: names that are one entry whatever they hold.
    """
    cell = unicodedata.normalize("NFC", cell.strip())
    if cell in known:
        return [cell]
    if cell.startswith(("[", "{")) and cell.endswith(("]", "}")):
        return [unicodedata.normalize("NFC", entry) for entry in _bracketed(cell)]
    return [entry.strip() for entry in re.split(r"[,;|]", cell) if entry.strip()]


def _bracketed(cell: str) -> list[str]:
    """The entries of a list in brackets: of JSON, whose escapes count, or else as Python and NumPy write it."""
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        inside = cell[cell.find("[") + 1 : cell.rfind("]")]
        return [_unquoted(entry) for entry in _ENTRY.findall(inside)]
    lists = value.values() if isinstance(value, dict) else [value]
    found = [entry for one in lists for entry in (one if isinstance(one, list) else [one])]
    return ["" if entry is None else entry if isinstance(entry, str) else json.dumps(entry) for entry in found]


def _unquoted(entry: str) -> str:
    """An entry of a list without the quotes and escapes of Python."""
    if entry[0] not in "'\"":
        return entry
    try:
        return str(ast.literal_eval(entry))
    except (ValueError, SyntaxError):
        return entry.strip(entry[0])
