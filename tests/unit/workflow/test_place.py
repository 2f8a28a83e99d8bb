"""Where Snakemake is started, and by which Python."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from emotion_grid.workflow import place
from testing.disks import leave_room
from testing.tiny import PROJECT


def start(main: bool = True, on_slurm: bool = False, dryrun: bool = False) -> None:
    workflow = SimpleNamespace(
        is_main_process=main, executor_plugin=SimpleNamespace(), local_exec=not on_slurm, dryrun=dryrun
    )
    place.check_place(workflow)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Call with a folder's name: the process is in it, and it counts as the checkout."""

    def move(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setattr(place, "PROJECT", folder)
        return folder

    return move


@pytest.fixture
def refusal(caplog):
    """Call with the arguments of start(): what a start says that is refused."""

    def refused(**options) -> str:
        with pytest.raises(SystemExit):
            start(**options)
        return caplog.messages[-1].removeprefix("Error: ")

    return refused


def test_a_start_in_another_folder_is_told_what_to_type(tmp_path, monkeypatch, refusal):
    monkeypatch.chdir(tmp_path)
    said = refusal()
    assert said.startswith(f"{tmp_path}: expected a start in the checkout ({PROJECT})")
    assert f"add --directory {PROJECT} " in said
    start(main=False)


def test_a_checkout_that_is_reached_by_a_link_is_the_checkout(tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(PROJECT)
    monkeypatch.chdir(tmp_path / "link")
    start()


@pytest.mark.parametrize("name", ["line\nbreak", "no-break\xa0space"])
def test_a_checkout_with_a_hidden_character_is_refused(checkout, refusal, name):
    checkout(name)
    assert "expected a checkout in a path of visible characters, found" in refusal()


@pytest.mark.parametrize(("name", "character"), [("100% done", "%"), ("a\\b", "\\")])
def test_what_sbatch_reads_in_names_of_logs_is_refused_on_slurm_alone(checkout, refusal, name, character):
    folder = checkout(name)
    start()
    said = refusal(on_slurm=True)
    assert said.startswith(f"{folder}: expected a checkout in a path without % and backslash")
    assert f"found {character}; move the checkout" in said


@pytest.mark.parametrize("records", [True, False], ids=["there", "not there"])
def test_a_checkout_in_which_snakemake_cannot_write_is_refused(disk, monkeypatch, refusal, records):
    """Fault: a traceback of Snakemake where its folder is on a full or read-only disk."""
    monkeypatch.chdir(disk)
    monkeypatch.setattr(place, "PROJECT", disk)
    if records:
        (disk / ".snakemake").mkdir()
    start()
    leave_room(disk, 0)
    expected = f"{disk}/.snakemake: expected a folder in which Snakemake can keep its records, found: "
    assert refusal().startswith(f"{expected}No space left on device; make room or")
    start(main=False)
    start(dryrun=True)
    leave_room(disk, 1_000_000)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert refusal().startswith(f"{expected}Read-only file system; make room or")


@pytest.mark.parametrize("path", ["", "/usr/bin:/bin"])
def test_python_is_the_one_that_runs_snakemake_though_its_environment_is_not_activated(monkeypatch, path):
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("PATH", path)
    start(main=False)
    assert shutil.which("python") == str(Path(sys.executable).parent / "python")
    assert os.environ["PATH"].split(":")[1:] == [part for part in path.split(":") if part]
    start(main=False)
    assert len(os.environ["PATH"].split(":")) == 1 + len([part for part in path.split(":") if part])


def test_an_environment_without_a_program_named_python_is_refused(tmp_path, monkeypatch, refusal):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3.11"))
    said = refusal(main=False)
    assert "expected a program named python beside the one that runs Snakemake" in said
    assert "make setup, then start .venv/bin/snakemake" in said
