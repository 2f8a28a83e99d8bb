"""The program that prepares data: what it writes, and how it refuses."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from emotion_grid.base.cli import run_program
from emotion_grid.base.files import write_json
from scripts import prepare as program
from testing.raw import TRAIN
from testing.tiny import PROJECT


def arguments(spec: dict, paths: dict, folder: Path) -> list[str]:
    write_json(folder / "spec.json", spec)
    options = [part for split, path in paths.items() for part in (f"--{split}", path)]
    return ["prepare", "--spec", str(folder / "spec.json"), *options, "--output", str(folder / "out")]


def test_preparing_twice_gives_the_same_files(raw, tmp_path, monkeypatch):
    found = []
    for name in ("one", "two"):
        monkeypatch.setattr(sys, "argv", arguments(*raw(), tmp_path / name))
        assert run_program(program.main) == 0
        found.append({path.name: path.read_bytes() for path in (tmp_path / name / "out").iterdir()})
    assert found[0] == found[1]
    assert set(found[0]) == {"train.csv", "validation.csv", "dev.csv", "test.csv", "checks.json"}
    assert json.loads(found[0]["checks.json"])["overlaps"] == 2


def test_warnings_reach_the_log(raw, tmp_path, monkeypatch, capsys):
    rows = [(id_, text, "0" + gold[1]) for id_, text, gold in TRAIN]
    monkeypatch.setattr(sys, "argv", arguments(*raw(train=rows), tmp_path / "out"))
    assert run_program(program.main) == 0
    assert re.search(r"warning: label joy: no positive row in train", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"train": [*TRAIN[:-1], ("x", "a text", "02")]}, "column fear: expected 0 or 1"),
        ({"test": [("t1", "in test", ""), ("t1", "only test", "")]}, "column id"),
        ({"dev": [("d1", " ", "00")]}, "column text"),
    ],
)
def test_nothing_is_written_when_a_file_is_refused(raw, tmp_path, monkeypatch, capsys, rows, said):
    monkeypatch.setattr(sys, "argv", arguments(*raw(**rows), tmp_path / "run"))
    assert run_program(program.main) == 1
    assert said in capsys.readouterr().err
    assert list((tmp_path / "run").glob("out/*")) == []


def test_program_ends_with_status_1_and_a_plain_message(raw, tmp_path):
    spec, paths = raw(test=[("t1", "fine", ""), ("t2", "  ", "")])
    command = [sys.executable, "-m", "scripts.prepare", *arguments(spec, paths, tmp_path / "run")[1:]]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.search(
        r"^error: .*test-raw\.csv, row 2 \(id t2\), column text: expected a text, found none$", done.stderr, re.M
    )
    assert "Traceback" not in done.stderr
    assert list(tmp_path.rglob("run/out/*")) == []
