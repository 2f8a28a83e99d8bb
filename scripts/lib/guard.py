"""One start at a time for each experiment, one process for each run; the kernel frees what a dead owner held by itself."""

import errno
import fcntl
import getpass
import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scripts.lib.cli import log
from scripts.lib.files import InputError, read_json


class Guard:
    """Holds an experiment until the process ends, however it ends.

    The lock is the kernel's (`flock`): it needs no clean-up after a kill. The file beside it says who holds it.
    """

    def __init__(self, folder: Path, experiment: str):
        """Take the guard.

        Raises:
            InputError: somebody holds it; the message says who, where and since when.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / ".guard"
        self._file = path.open("a+", encoding="utf-8")  # held until the process ends
        try:
            self.held = _lock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise InputError(
                f"experiment {experiment} is already running: {_owner(path)}. Wait for it, or stop that one first."
            ) from None
        self._file.truncate(0)
        self._file.write(
            f'{{"user": "{getpass.getuser()}", "host": "{socket.gethostname()}", "process": {os.getpid()}, '
            f'"since": "{time.strftime("%Y-%m-%d %H:%M:%S")}"}}\n'
        )
        self._file.flush()


@dataclass(frozen=True)
class Start:
    """The last start of an experiment; `at_work` is None where it cannot be seen from here (another host)."""

    owner: str
    since: float
    at_work: bool | None


def last_start(folder: Path) -> Start | None:
    """The last start of an experiment, by looking alone: the guard stays free for others."""
    path = folder / ".guard"
    try:
        record = read_json(path)
        since = time.mktime(time.strptime(record["since"], "%Y-%m-%d %H:%M:%S"))
        here = record["host"] == socket.gethostname()
    except (InputError, KeyError, OSError, ValueError):
        return None
    return Start(_owner(path), since, _is_locked(path) if here else None)


def _is_locked(path: Path) -> bool | None:
    """Whether a process of this host holds the kernel's lock of a file; None where the kernel does not tell."""
    try:
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    inode = str(path.stat().st_ino)
    return any("FLOCK" in line and line.split()[-3].rpartition(":")[2] == inode for line in lines)


def _owner(path: Path) -> str:
    try:
        owner = read_json(path)
        return f"started by {owner['user']} on {owner['host']} (process {owner['process']}) at {owner['since']}"
    except (InputError, KeyError, OSError):
        return "by another process"


@contextmanager
def one_maker(folder: Path) -> Iterator[None]:
    """Hold the making of a folder in the cache while the block runs; whoever else would make it waits, and then finds it.

    What a killed maker left half-made under a temporary name is removed first.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = folder.with_name(f".{folder.name}.lock")
    try:
        file = lock.open("w")
    except PermissionError as error:
        raise InputError(
            f"{lock}: expected a cache that you can write to; ask its owner to open it (chmod -R g+rwX)"
        ) from error
    with file:
        _wait(file, f"another process makes {folder.name}; waiting until it is there")
        for left in folder.glob(".files.*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


@contextmanager
def one_at_a_time(path: Path) -> Iterator[bool]:
    """Hold a file that is there while the block runs, after whoever holds it now; yields whether somebody did."""
    with path.open("r+b") as file:
        yield _wait(file, f"another process is at work on {path.parent.name}; waiting until it ends")


def _wait(file: IO, told: str) -> bool:
    """Lock a file after whoever holds it now; whether somebody did, of which the log is `told`."""
    try:
        _lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        log(told)
        _lock(file, fcntl.LOCK_EX)
        return True


def _lock(file: IO, how: int) -> bool:
    """Lock a file, or say that its file system knows no locks: then it is up to people not to start twice."""
    try:
        fcntl.flock(file, how)
        return True
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
        log(f"{file.name}: this file system knows no locks; do not start what uses it twice at once")
        return False
