"""Answers to a few texts."""

import pytest

from emotion_grid.labelling.store import open_store

LABELS = ["anger", "fear", "joy"]
TEXTS = [(f"t-{number}", f"the text {number}") for number in range(1, 251)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "annotations" / "dev.sqlite"


@pytest.fixture
def store(path):
    with open_store(path) as store:
        store.begin(LABELS, TEXTS)
        yield store
