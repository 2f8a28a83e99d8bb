"""What is wrong with a file of texts, in words: row, column, what was expected and what was found."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SHOWN = 20
"""Problems of a file that a message lists; the others are counted."""

WHOLE_CHARACTERS = "characters of Unicode"
"""What texts and ids consist of, as a problem says it."""

_HALF = re.compile("[\ud800-\udfff]")
"""Half of a character that takes two in UTF-16: JSON may hold one alone, and no file can be written with it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be used.

    Attributes:
        row: its number, from 1 below the header.
        id: its id, as far as it has one.
        column: where it is wrong; None if the row as a whole is.
        line: in which the row begins, where that helps to find it.
    """

    row: int
    id: str
    column: str | None
    expected: str
    found: str
    line: int | None = None

    def __str__(self) -> str:
        row = f"row {self.row} (id {visible(self.id)})" if self.id.strip() else f"row {self.row}"
        line = f", line {self.line}" if self.line is not None else ""
        column = f", column {visible(self.column)}" if self.column is not None else ""
        return f"{row}{line}{column}: expected {self.expected}, found {self.found}"


def wrong_width(row: int, id_: str, cells: list[str], columns: list[str], line: int | None) -> Problem:
    """A row with more or fewer cells than there are columns."""
    found = f"{len(cells)}; a text that holds the separator or quotes stands in double quotes"
    return Problem(row, id_, None, f"{len(columns)} cells ({listed(columns)})", found, line)


def half_character(text: str) -> str:
    """What of a text is no character, in words; empty if it consists of `WHOLE_CHARACTERS`."""
    half = _HALF.search(text)
    return f"half of one ({visible(half[0])})" if half else ""


def visible(text: str, limit: int = 60) -> str:
    """Text from a file, fit for one line of a log: what cannot be seen is written out, and a long text is cut."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in cut
    )


def listed(names: Iterable[str]) -> str:
    """Names from a file in one line: at most 20 of them."""
    names = list(names)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(visible, names[:SHOWN])) + more or "nothing"


def explain(path: str | Path, problems: list[Problem]) -> str:
    """All that is wrong with a file: one line for one problem, else a list of the first 20 and their number."""
    if len(problems) == 1:
        return f"{path}, {problems[0]}"
    rows = len({problem.row for problem in problems})
    first = f"; the first {SHOWN} problems" if len(problems) > SHOWN else ""
    return "\n".join([f"{path}: {rows:,} bad rows{first}", *(f"  {problem}" for problem in problems[:SHOWN])])
