"""Folders that several people write to: the umask for each, and what is said where the system refuses a file."""

import errno
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from emotion_grid.base import sharing
from emotion_grid.base.cli import run_program
from emotion_grid.base.messages import InputError
from emotion_grid.base.sharing import check_writable, explain_refusal, shared, shared_umask
from testing.members import STRANGERS, as_member, can_be_played
from testing.tiny import PROJECT


@pytest.fixture(autouse=True)
def umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("own", "mode", "expected"),
    [
        (0o022, 0o2775, 0o002),
        (0o077, 0o2775, 0o007),
        (0o022, 0o775, 0o002),
        (0o022, 0o755, 0o022),
        (0o002, 0o755, 0o002),
        (0o077, 0o755, 0o027),
        (0o077, 0o700, 0o077),
        (0o022, 0o700, 0o022),
    ],
)
def test_what_the_group_may_do_with_a_folder_it_may_do_with_what_is_made_in_it(
    tmp_path, monkeypatch, own, mode, expected
):
    monkeypatch.setattr(sharing, "OWN", own)
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(mode)
    assert shared_umask(folder) == expected
    assert shared_umask(folder / "results" / "tiny") == expected, "a folder that is not there yet is made in this one"
    os.umask(0o077)
    with shared(folder):
        (folder / "file").touch(0o666)
    assert (folder / "file").stat().st_mode & 0o777 == 0o666 & ~expected
    assert os.umask(0o022) == 0o077, "the umask is as it was"


@pytest.mark.skipif(not can_be_played(), reason="needs root")
def test_a_folder_that_does_not_hand_its_group_on_makes_nothing_writable_to_another_group(tmp_path, monkeypatch):
    monkeypatch.setattr(sharing, "OWN", 0o022)
    folder = tmp_path / "shared"
    folder.mkdir()
    os.chown(folder, -1, STRANGERS)
    folder.chmod(0o775)
    assert shared_umask(folder) == 0o022
    folder.chmod(0o2775)
    assert shared_umask(folder) == 0o002


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (
            errno.EACCES,
            "expected permission to use it, found none; ask root to open it to the group (chmod -R g+rwX), or",
        ),
        (
            errno.EPERM,
            "expected permission to use it, found none; ask root to open it to the group (chmod -R g+rwX), or",
        ),
        (
            errno.ENOSPC,
            "expected space on the disk, found a full disk (1.5 GB are free now); free some (make clean-unused lists what no run needs), or",
        ),
        (errno.EDQUOT, "expected space on the disk, found a quota that is used up; free some"),
        (errno.EROFS, "expected a folder that can be written to, found a read-only file system;"),
        (errno.ENOTDIR, "expected a folder, found a file; move it away, or"),
        (errno.ENAMETOOLONG, "expected a shorter path, found one that is too long for the file system;"),
    ],
)
def test_a_refusal_is_one_line_with_the_place_and_what_to_do(monkeypatch, capsys, number, expected):
    monkeypatch.setattr(sharing, "_owner", lambda path: "root")
    monkeypatch.setattr(sharing.shutil, "disk_usage", lambda path: SimpleNamespace(free=1.5e9))
    there = OSError(number, os.strerror(number), "/etc")
    not_there = OSError(number, os.strerror(number), "/etc/.spec.json.x2k4")
    for error in (there, not_there):
        message = explain_refusal(error)
        assert message.startswith(f"/etc: {expected}") and "\n" not in message
        assert message.endswith("set results_root or cache_root to a folder elsewhere")

    def fail():
        raise OSError(number, os.strerror(number))

    assert run_program(fail) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("error: expected ") and shown.count("\n") == 1


def test_other_errors_of_the_system_keep_their_traceback():
    def fail():
        raise FileNotFoundError(errno.ENOENT, "No such file", "missing.csv")

    assert explain_refusal(OSError(errno.EIO, "Input/output error")) is None
    with pytest.raises(FileNotFoundError):
        run_program(fail)


def test_what_is_written_in_place_must_be_open(tmp_path, monkeypatch):
    for name in ("train.log", "spec.json", "summary.csv"):
        (tmp_path / name).touch()
    closed = set()
    monkeypatch.setattr(sharing.os, "access", lambda path, mode: path not in closed)
    check_writable([tmp_path])
    closed.add(tmp_path / "summary.csv")
    check_writable([tmp_path])
    for path in (tmp_path / "train.log", tmp_path / "spec.json", tmp_path):
        closed.add(path)
        with pytest.raises(InputError, match=f"{path}: expected permission to use it, found none"):
            check_writable([tmp_path])
        closed.clear()


WORK = """
import sys
from pathlib import Path
from emotion_grid.base.cli import run_program
from emotion_grid.base.files import write_json
from emotion_grid.base.locks import one_maker
from emotion_grid.jobs.guard import Guard

def main():
    home = Path(sys.argv[1])
    {"guard": lambda: Guard(home, "tiny"), "cache": lambda: one_maker(home / "key").__enter__(), "file": lambda: write_json(home / "a.json", [])}[
        sys.argv[2]
    ]()

sys.exit(run_program(main))
"""


@pytest.mark.skipif(not can_be_played(), reason="needs root")
@pytest.mark.parametrize("stage", ["guard", "cache", "file"])
@pytest.mark.parametrize("how", ["closed", "full", "read-only"])
def test_a_folder_that_cannot_be_written_to_is_told_at_each_stage(tmp_path, stage, how):
    """Fault: a guard that could not be written, on a full or read-only disk, ended in a traceback."""
    folder = tmp_path / "results"
    folder.mkdir()
    command = [sys.executable, "-c", WORK, str(folder), stage]
    if how == "closed":
        command = as_member(12001, *command)
    else:
        options = "size=4k,nr_inodes=1" if how == "full" else "ro"
        command = [
            "unshare",
            "--mount",
            "sh",
            "-c",
            f'mount -t tmpfs -o {options} none {folder} && exec "$@"',
            "sh",
            *command,
        ]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    found = {
        "closed": "found none; ask root to open it",
        "full": "found a full disk",
        "read-only": "found a read-only file",
    }
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith(f"error: {folder}: expected ") and found[how] in done.stderr
