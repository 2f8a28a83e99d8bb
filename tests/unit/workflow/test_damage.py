"""What a start finds damaged by file times, and what it moves aside."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from emotion_grid.base import integrity
from emotion_grid.base.files import write_json, write_text
from emotion_grid.base.integrity import expect_whole, write_record
from emotion_grid.base.messages import InputError
from emotion_grid.data.splits import BASELINE_FILES, HISTORY
from emotion_grid.workflow.damage import damaged_inputs, damaged_results, put_aside

PLAN = SimpleNamespace(data={"d": {}})


@pytest.fixture
def home(tmp_path) -> Path:
    """A finished experiment of a run and its prepared splits, as old as an hour."""
    home = tmp_path / "home"
    run = home / "runs" / "one"
    write_json(run / "spec.json", {"seed": 1})
    for name in (*BASELINE_FILES, HISTORY):
        write_text(run / name, f"{name}\n1\n")
    write_record(run / "provenance.json", {}, [*BASELINE_FILES, HISTORY])
    for name in ("model.safetensors", "labelling.json"):
        write_text(run / "model" / name, f"{name}\n1\n")
    write_record(run / "model" / "digests.json", {}, ["model.safetensors", "labelling.json"])
    write_text(home / "data" / "d" / "train.csv", "id\n1\n2\n")
    write_record(home / "data" / "d" / "checks.json", {}, ["train.csv"])
    for name in ("summary.csv", "settings.csv", "metrics.csv"):
        write_text(home / name, "run\none\n")
    write_record(home / "summary.json", {}, ["summary.csv", "settings.csv", "metrics.csv"])
    for path in home.rglob("*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 3600))
    return home


def found(home: Path) -> set[str]:
    damage = damaged_results(PLAN, home, [SimpleNamespace(kind="run", folder="runs/one")])
    return {path.relative_to(home).as_posix() for path in damage.found}


@pytest.mark.parametrize(
    ("path", "moved"),
    [
        ("runs/one/predictions/test.csv", {"runs/one"}),
        ("runs/one/history.csv", {"runs/one"}),
        ("runs/one/provenance.json", {"runs/one"}),
        ("runs/one/spec.json", {"runs/one/spec.json"}),
        ("runs/one/model/model.safetensors", {"runs/one/model"}),
        ("runs/one/model/labelling.json", {"runs/one/model/labelling.json"}),
        ("data/d/train.csv", {"data/d"}),
        ("data/d/checks.json", {"data/d"}),
        ("settings.csv", {"settings.csv"}),
        ("summary.json", {"summary.json", "summary.csv", "settings.csv", "metrics.csv"}),
    ],
)
def test_what_is_moved_for_a_damaged_file(home, path, moved):
    assert found(home) == set()
    (home / path).write_text("")
    assert found(home) == moved
    damage = damaged_results(PLAN, home, [SimpleNamespace(kind="run", folder="runs/one")])
    told = damage.tell(looks=True)
    assert f"{home / path}: expected" in told and "The next start moves it to a folder set-aside" in told
    assert ("Trained again: 1 run." in told) == (moved == {"runs/one"})
    put_aside(damage, home)
    assert not any((home / name).exists() for name in moved)


def test_finished_runs_are_not_read(home, monkeypatch):
    """Fault: a dry run of ten thousand finished runs reads all their tables."""
    monkeypatch.setattr(integrity, "file_digest", lambda path: pytest.fail(f"{path} was read"))
    assert found(home) == set()


def test_touched_files_are_read_once(home, monkeypatch):
    (home / "runs" / "one" / "history.csv").touch()
    damage = damaged_results(PLAN, home, [SimpleNamespace(kind="run", folder="runs/one")])
    assert damage.found == {}
    put_aside(damage, home)
    test_finished_runs_are_not_read(home, monkeypatch)


def test_a_note_is_believed_only_as_long_as_the_damage_is_there(home):
    table = home / "runs" / "one" / "predictions" / "dev.csv"
    whole, times = table.read_text(), table.stat()
    table.write_text("other")
    os.utime(table, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert found(home) == set(), "its time says nothing"
    with pytest.raises(InputError):
        expect_whole({home / "runs" / "one" / "provenance.json": None})
    assert found(home) == {"runs/one"}
    table.write_text(whole)
    damage = damaged_results(PLAN, home, [SimpleNamespace(kind="run", folder="runs/one")])
    put_aside(damage, home)
    assert damage.found == {} and not (home / "runs" / "one" / "damaged.txt").exists()


def test_a_cache_is_looked_at_only_for_runs_that_are_to_be_made(tmp_path):
    folder = tmp_path / "features" / "0123"
    write_text(folder / "files" / "values.safetensors", "values")
    write_record(folder / "features.json", {}, ["files/values.safetensors"])
    (folder / "files" / "values.safetensors").unlink()
    inputs = SimpleNamespace(encoder="encoders/e", tokens="tokens/t", features="features/0123")
    row = SimpleNamespace(inputs=inputs)
    assert damaged_inputs([], [row], tmp_path).found == {}
    damage = damaged_inputs([row], [], tmp_path)
    assert list(damage.found) == [folder]
    write_text(folder / "damaged.txt", "by a job that predicts new texts, which would fail at every start")
    assert list(damaged_inputs([], [row], tmp_path).found) == [folder]
    put_aside(damage, tmp_path, shared=True)
    assert not folder.exists() and list((tmp_path / "set-aside").rglob("features.json"))
