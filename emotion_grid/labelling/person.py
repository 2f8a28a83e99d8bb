"""What one person sees: a text after the other, their own answers, and nothing of gold labels or of what others answered."""

import re
import sqlite3
import string

from emotion_grid.base.messages import log
from emotion_grid.labelling.order import SITTING
from emotion_grid.labelling.store import AnswerStore
from emotion_grid.report.page import form_policy, render
from emotion_grid.serving.server import Form, Reply

SCRIPT = "label.js"

KEYS = f"1234567890{string.ascii_lowercase}"
"""The keys of the labels, in their order; labels beyond have none."""


class Labelling:
    """The pages of one person.

    The place `` is the next text, or a rest after each hundred; `7` is the seventh, if it has been answered or is the next.

    Args:
        store: where the answers go.
        person: their name.
        study: what is labelled.
    """

    policy = form_policy(SCRIPT)

    def __init__(self, store: AnswerStore, person: str, study: str):
        self._store, self._person, self._study = store, person, study
        self._labels, self._texts = store.labels, [text for _, text in store.texts]

    def get(self, place: str) -> Reply | None:
        """The page of a text, or of a rest."""
        done = self._store.answered(self._person)
        if place:
            position = self._position(place, done)
            return self._text(position, self._given(position, done)) if position else None
        if done == len(self._texts) or (done and done % SITTING == 0):
            return self._page(done, is_rest=True)
        return self._text(done + 1, None)

    def post(self, place: str, form: Form) -> Reply | None:
        """Save the answer to a text, and lead to the next one."""
        done, marked = self._store.answered(self._person), form.get("label", [])
        position = self._position(place, done)
        if not position or not {*marked} <= {str(label) for label in range(len(self._labels))}:
            return None
        given = [str(label) in marked for label in range(len(self._labels))]
        try:
            self._store.save(self._person, position, given)
        except sqlite3.Error as error:
            log(f"an answer of {self._person} was not saved: {error}")
            return self._text(position, given, f"This answer was not saved ({error}). Try again.")
        return Reply(leads_to="")

    def _position(self, place: str, done: int) -> int:
        """The position that a place names; 0 if it names none that may be seen."""
        position = int(place) if re.fullmatch("[1-9][0-9]{0,8}", place) else 0
        return position if position <= min(done + 1, len(self._texts)) else 0

    def _given(self, position: int, done: int) -> list[bool] | None:
        return self._store.given(self._person)[position - 1] if position <= done else None

    def _text(self, position: int, given: list[bool] | None, problem: str = "") -> Reply:
        """The page of a text, with what the person gave it before."""
        marks = given or [False] * len(self._labels)
        keys = [*KEYS, *[""] * len(marks)]
        choices = [
            {"name": name, "key": key, "given": mark}
            for name, key, mark in zip(self._labels, keys, marks, strict=False)
        ]
        text = self._texts[position - 1]
        return self._page(position, text=text, choices=choices, is_change=given is not None, problem=problem)

    def _page(self, position: int, **values: object) -> Reply:
        first, total = (position - 1) // SITTING * SITTING, len(self._texts)
        number, size = position - first, min(SITTING, total - first)
        place = {"position": position, "number": number, "size": size, "total": total, "title": f"{number} of {size}"}
        shown = {"is_rest": False, "study": self._study, "person": self._person, "policy": self.policy}
        return Reply(render("label.html.j2", SCRIPT, **{**shown, **place, **values}))
