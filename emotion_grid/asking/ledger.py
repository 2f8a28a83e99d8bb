"""What was asked and what came: a file that only grows, so that nothing that was paid for is lost or asked again.

Each line is a JSON object with the time `at`, and one of these:

    asked (a question's key), request, at_most     before a request is sent: the tokens that it may cost at most
    answered (a question's key), reply, used       a reply as it came, and the tokens that it cost
    failed (a question's key), why, used           no reply, and the tokens that it may have cost all the same

A line is on the disk before anything else happens. What a killed process asked without getting a reply counts with all that it may have
cost.
"""

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Condition
from typing import Any

from emotion_grid.asking.questions import Question
from emotion_grid.asking.tokens import Budget, Tokens, most_tokens
from emotion_grid.base.digests import SHORT, digest
from emotion_grid.base.locks import one_at_a_time
from emotion_grid.base.messages import log
from emotion_grid.base.sharing import explained_refusals


class OverBudget(Exception):
    """The next question may cost more than what is left of the budget."""


class Ledger:
    """The file, and what it says. Several threads of one process may use it.

    Args:
        path: of the file, which is there.
        budget: of all that the file knows of.

    Attributes:
        spent: the tokens of all replies, and those that requests without one may have cost.
    """

    def __init__(self, path: Path, budget: Budget):
        self.path, self.budget, self.spent = path, budget, Tokens()
        self._open: dict[str, Tokens] = {}
        self._replies: dict[str, int] = {}  # where in the file
        self._changed = Condition()
        self._read()
        for key in list(self._open):
            self._close(key, self._open[key])

    def _read(self) -> None:
        broken, line = 0, b"\n"
        with self.path.open("rb") as file:
            place = 0
            for line in file:
                try:
                    self._enter(json.loads(line), place)
                except (ValueError, KeyError, TypeError):
                    broken += 1
                place += len(line)
        if broken:
            log(f"{self.path}: {broken} lines that killed processes did not finish are left out")
        if not line.endswith(b"\n"):
            self._write(b"\n")

    def _enter(self, line: dict[str, Any], place: int) -> None:
        """Take over what a line says.

        Args:
            place: where in the file it begins.
        """
        if key := line.get("asked"):
            if key in self._open:  # by a process that was killed
                self._close(key, self._open[key])
            self._open[key] = Tokens(**line["at_most"])
            return
        key = line["answered"] if "answered" in line else line["failed"]
        self._close(key, Tokens(**line["used"]))
        if "answered" in line:
            self._replies[key] = place

    def _close(self, key: str, used: Tokens) -> None:
        self._open.pop(key, None)
        self.spent += used

    def knows(self, question: Question) -> bool:
        """Whether a question was answered."""
        return question.key in self._replies

    def reply(self, question: Question) -> str:
        """The reply to a question that was answered, as it came."""
        with self.path.open("rb") as file:
            file.seek(self._replies[question.key])
            return str(json.loads(file.readline())["reply"])

    def ask(self, question: Question) -> None:
        """Note that a question is going to be asked; wait if others that are on their way may use up the budget.

        Raises:
            OverBudget: it may cost more than what is left.
        """
        most = most_tokens(question.request)
        with self._changed:
            while not self.budget.allows(sum(self._open.values(), self.spent) + most):
                if not self._open:
                    raise OverBudget
                self._changed.wait()
            self._note({"asked": question.key, "request": question.request, "at_most": asdict(most)})

    def answer(self, question: Question, reply: str, used: Tokens | None) -> None:
        """Keep a reply as it came.

        Args:
            used: the tokens that it cost; if nobody says, all that it may have cost.
        """
        used = most_tokens(question.request) if used is None else used
        with self._changed:
            self._note({"answered": question.key, "reply": reply, "used": asdict(used)})

    def fail(self, question: Question, why: str, is_paid: bool) -> None:
        """Note that no reply came.

        Args:
            is_paid: whether it may have cost something.
        """
        used = most_tokens(question.request) if is_paid else Tokens()
        with self._changed:
            self._note({"failed": question.key, "why": why, "used": asdict(used)})

    def _note(self, line: dict[str, Any]) -> None:
        """Put a line on the disk, then take over what it says."""
        place = self.path.stat().st_size
        line = {"at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), **line}
        self._write(json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
        self._enter(line, place)
        self._changed.notify_all()

    def _write(self, content: bytes) -> None:
        with self.path.open("ab", buffering=0) as file:
            file.write(content)
            os.fsync(file.fileno())


def ledger_name(model: str, about: dict[str, Any]) -> str:
    """The name of the file of all answers to questions of a kind.

    Args:
        about: what tells this kind from others.
    """
    return f"{re.sub(r'[^A-Za-z0-9.-]+', '-', model)[:60]}_{digest([model, about])[:SHORT]}.jsonl"


@contextmanager
def open_ledger(path: Path, budget: Budget) -> Iterator[Ledger]:
    """The ledger in a file, which is made if it is not there; another process that uses it is waited for."""
    with explained_refusals(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        with one_at_a_time(path):
            yield Ledger(path, budget)
