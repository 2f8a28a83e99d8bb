"""A server that answers as the OpenAI API does, and what asks it."""

from contextlib import contextmanager

import pytest

from emotion_grid.asking import asking as module
from emotion_grid.asking.asking import Asking
from emotion_grid.asking.endpoint import Endpoint
from emotion_grid.asking.ledger import open_ledger
from emotion_grid.asking.pace import Pace
from emotion_grid.asking.prompt import Prompt
from emotion_grid.asking.questions import ask_for_labels, parameters_of
from emotion_grid.asking.tokens import Budget
from testing.language_model import fake_model

LABELS = ["anger", "joy"]


@pytest.fixture
def server(monkeypatch):
    """It is reached directly, and asked again at once."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    with fake_model() as server:
        yield server


@pytest.fixture
def questions():
    """Call with texts: the question which labels each of them has."""

    def make(*texts):
        parameters = parameters_of(LABELS, 1, {})
        return [
            ask_for_labels("tiny", Prompt("Say {labels}.", "{text}"), LABELS, parameters, text, []) for text in texts
        ]

    return make


@pytest.fixture
def opened(server, tmp_path):
    """Call with what bounds the asking: what asks the server, with its answers in `answers.jsonl`."""

    @contextmanager
    def opened(at_once=1, budget=None, per_minute=None, timeout=60, address=None, key_from=None):
        endpoint = Endpoint(address or server.address, key_from, timeout)
        with open_ledger(tmp_path / "answers.jsonl", budget or Budget()) as ledger:
            yield Asking(endpoint, ledger, Pace(per_minute), at_once)

    return opened
