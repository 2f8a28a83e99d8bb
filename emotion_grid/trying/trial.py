"""A model that is tried on a page: what a browser asks for, and what it gets."""

import threading
from collections.abc import Callable

from emotion_grid.serving.server import Form, Reply
from emotion_grid.trying.answers import Answer
from emotion_grid.trying.page import POLICY, form_page


class Trial:
    """The page on which a model is tried; computes one answer at a time.

    Args:
        title: what is tried.
        answer: from a text to what the model says of it, None if there is nothing to say.
    """

    policy = POLICY

    def __init__(self, title: str, answer: Callable[[str], Answer | None]):
        self.title, self._answer, self._computing = title, answer, threading.Lock()

    def get(self, place: str) -> Reply | None:
        """The page without a text."""
        return None if place else Reply(form_page(self.title))

    def post(self, place: str, form: Form) -> Reply | None:
        """The page with the answer to the text in its form."""
        if place:
            return None
        given = form.get("text", [])
        text = given[0] if len(given) == 1 else ""
        with self._computing:
            answer = self._answer(text)
        return Reply(form_page(self.title, text, answer, "" if answer else "An empty text has no labels."))
