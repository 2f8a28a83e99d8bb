"""The guard of an experiment: one start at a time."""

import errno
import fcntl
import getpass
import os
import signal
import socket

import pytest

from emotion_grid.base.locks import one_at_a_time
from emotion_grid.base.messages import InputError
from emotion_grid.jobs.guard import Guard, last_start
from emotion_grid.jobs.status import experiment_status, overview

HOLD = """
import sys, time
from pathlib import Path
from emotion_grid.base.locks import one_at_a_time
from emotion_grid.jobs.guard import Guard
guard = Guard(Path(sys.argv[1]), "tiny")
print("ready", flush=True)
time.sleep(60)
"""


def test_second_start_is_refused_and_says_who_holds_it(tmp_path, start_python):
    home = tmp_path / "results" / "tiny"
    process = start_python(HOLD, home)
    for _ in range(2):
        with pytest.raises(InputError) as caught:
            Guard(home, "tiny")
        message = str(caught.value)
        assert "tiny" in message
        assert getpass.getuser() in message
        assert socket.gethostname() in message
        assert str(process.pid) in message


def test_guard_of_a_killed_owner_is_free(tmp_path, start_python):
    process = start_python(HOLD, tmp_path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    guard = Guard(tmp_path, "tiny")
    with pytest.raises(InputError, match=rf"\b{os.getpid()}\b"):
        Guard(tmp_path, "tiny")
    del guard


def test_two_experiments_do_not_disturb_each_other(tmp_path, start_python):
    start_python(HOLD, tmp_path / "one")
    Guard(tmp_path / "two", "two")


def test_guard_whose_owner_did_not_sign_is_refused_all_the_same(tmp_path):
    guard = Guard(tmp_path, "tiny")
    (tmp_path / ".guard").write_text("")
    with pytest.raises(InputError, match="already running"):
        Guard(tmp_path, "tiny")
    del guard


def test_a_file_system_without_locks_is_said_and_stops_nothing(tmp_path, monkeypatch, capsys):
    def unsupported(file, how):
        raise OSError(errno.ENOSYS, "no locks here")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    (tmp_path / "spec.json").write_text("{}")
    with one_at_a_time(tmp_path / "spec.json") as waited:
        assert not waited
    assert not Guard(tmp_path, "tiny").held
    assert capsys.readouterr().err.count("has no locks") == 2


def test_looking_takes_the_guard_from_nobody_and_another_host_is_not_judged(grid, monkeypatch):
    grid.run("one")
    assert last_start(grid.home) is None
    guard = Guard(grid.home, "tiny")
    guard._file.close()
    assert last_start(grid.home).at_work is False
    Guard(grid.home, "tiny")
    monkeypatch.setattr(socket, "gethostname", lambda: "login2")
    assert last_start(grid.home).at_work is None
    assert "only that host can tell" in overview(experiment_status(grid.home, grid.checkout))
