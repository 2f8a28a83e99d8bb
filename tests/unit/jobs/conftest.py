"""An experiment whose jobs a test makes up."""

import pytest

from testing.jobs import Grid


@pytest.fixture
def grid(tmp_path, monkeypatch) -> Grid:
    return Grid(tmp_path, monkeypatch)
