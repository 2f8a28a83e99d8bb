"""The program that predicts with a baseline."""

import sys

import numpy as np
import pytest

from emotion_grid.base.cli import run_program
from emotion_grid.base.files import write_json
from emotion_grid.data.tables import write_split
from scripts import baseline
from testing.hand_made import LABELS, TRAIN


@pytest.mark.parametrize("kind", ["most-frequent", "tfidf"])
def test_baseline_predicts_every_row_of_every_split(tmp_path, monkeypatch, kind):
    data = tmp_path / "data"
    table = TRAIN.assign(id=[f"r{n}" for n in range(len(TRAIN))])[["id", "text", *LABELS]]
    write_split(table, data / "train.csv")
    write_split(table.iloc[:3], data / "validation.csv")
    write_split(table.iloc[5:9][::-1].assign(joy=np.nan, fear=np.nan), data / "test.csv")
    write_split(table.iloc[:0], data / "dev.csv")
    write_json(tmp_path / "spec.json", {"baseline": kind, "data": {"labels": LABELS}})
    command = [
        "baseline",
        "--spec",
        str(tmp_path / "spec.json"),
        "--data",
        str(data),
        "--output",
        str(tmp_path / "out"),
    ]
    monkeypatch.setattr(sys, "argv", command)
    found = []
    for _ in range(2):
        assert run_program(baseline.main) == 0
        found.append({path.name: path.read_text() for path in (tmp_path / "out" / "predictions").iterdir()})
    assert found[0] == found[1], "the same every time"
    ids = {name: [line.split(",")[0] for line in text.splitlines()] for name, text in found[0].items()}
    assert ids == {
        "validation.csv": ["id", "r0", "r1", "r2"],
        "dev.csv": ["id"],
        "test.csv": ["id", "r8", "r7", "r6", "r5"],
    }
