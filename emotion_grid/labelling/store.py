"""People's answers in one SQLite file: whatever ends the program, and if it is the machine's power, an answer that was saved stays."""

import fcntl
import re
import sqlite3
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emotion_grid.base.locks import lock_file
from emotion_grid.base.messages import InputError
from emotion_grid.base.sharing import explained_refusals, shared
from emotion_grid.data.problems import visible

TABLES = """
CREATE TABLE labels (place INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE texts (position INTEGER PRIMARY KEY, id TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE answers (person TEXT, position INTEGER, given TEXT NOT NULL, PRIMARY KEY (person, position)) WITHOUT ROWID;
"""
"""Positions count from 1, in the order of labelling; of what a person gave a text, 1 or 0 for each label."""

_NAME = re.compile(r"\w[\w.-]{0,39}")


def person_name(name: str) -> str:
    """A person's name, which is part of a file's name, too.

    Raises:
        InputError: it has other characters than letters, digits, `_`, `.` and `-`, or too many.
    """
    name = unicodedata.normalize("NFC", name)
    if not _NAME.fullmatch(name):
        raise InputError(
            f"person {visible(name)}: expected at most 40 letters, digits, _, . and -, and a letter or a digit first"
        )
    return name


@contextmanager
def open_store(path: Path, is_served: bool = True) -> Iterator["AnswerStore"]:
    """The answers in a file while the block runs.

    Args:
        is_served: for a page, which one program at a time serves: SQLite's log beside the file is not made for several machines.

    Raises:
        InputError: another program serves the file, it is of another kind, or the system refuses it.
    """
    lock = path.with_name(f".{path.name}.lock")
    with explained_refusals(path.parent), shared(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("a") as file:
            try:
                if is_served:
                    lock_file(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    f"{path}: expected to serve it alone, found another program that does; end that one first"
                ) from None
            store = AnswerStore(path)
            try:
                yield store
            finally:
                store.close()


class AnswerStore:
    """The texts in their order, and what each person answered; safe for several threads.

    A person answers one text after the other, so that what is answered are the first texts of the order.
    """

    def __init__(self, path: Path):
        self.path, self._lock, self._database = path, threading.Lock(), _connected(path)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def begin(self, labels: Sequence[str], texts: Sequence[tuple[str, str]]) -> None:
        """Take the labels and texts of a study or, where labelling began before, check that they are the same.

        Args:
            texts: ids and texts, in the order of labelling. Where it began before, its order stays.

        Raises:
            InputError: labelling began with others.
        """
        if self._ask("SELECT name FROM sqlite_master WHERE name = 'texts'"):
            if self.labels != [*labels] or sorted(self.texts) != sorted(texts):
                raise InputError(
                    f"{self.path}: expected the texts and labels that labelling began with, found that the study has others now; move "
                    "the file away to begin anew"
                )
            return
        with self._lock:
            try:
                self._database.executescript(f"BEGIN IMMEDIATE;{TABLES}")
                self._database.executemany("INSERT INTO labels VALUES (?, ?)", enumerate(labels))
                self._database.executemany(
                    "INSERT INTO texts VALUES (?, ?, ?)", ((place, *text) for place, text in enumerate(texts, 1))
                )
                self._database.execute("COMMIT")
            finally:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")

    @property
    def labels(self) -> list[str]:
        """Names of the labels."""
        return [name for (name,) in self._ask("SELECT name FROM labels ORDER BY place")]

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Ids and texts, in the order of labelling."""
        return self._ask("SELECT id, text FROM texts ORDER BY position")

    def people(self) -> dict[str, int]:
        """How many texts each person has answered."""
        return dict(self._ask("SELECT person, count(*) FROM answers GROUP BY person ORDER BY person"))

    def answered(self, person: str) -> int:
        """How many texts a person has answered: the first of the order."""
        return int(self._ask("SELECT count(*) FROM answers WHERE person = ?", person)[0][0])

    def save(self, person: str, position: int, given: Sequence[bool]) -> None:
        """Save what a person gave the text at a position, in place of what they gave it before; it is on the disk afterwards.

        Args:
            given: of each label, whether the text has it.
        """
        marks = "".join("1" if one else "0" for one in given)
        self._ask(
            "INSERT INTO answers VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET given = excluded.given",
            person,
            position,
            marks,
        )

    def given(self, person: str) -> list[list[bool]]:
        """What a person gave the texts that they answered, in the order of labelling: of each label, whether the text has it."""
        found = self._ask("SELECT given FROM answers WHERE person = ? ORDER BY position", person)
        return [[mark == "1" for mark in marks] for (marks,) in found]

    def _ask(self, question: str, *values: str | int) -> list[Any]:
        with self._lock:
            return self._database.execute(question, values).fetchall()


def _connected(path: Path) -> sqlite3.Connection:
    """The database in a file, whose commits are on the disk when they are done."""
    try:
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error as error:
        raise InputError(f"{path}: expected a file of answers that can be written to, found: {error}") from None
    return database
