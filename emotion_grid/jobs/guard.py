"""One start at a time for each experiment; the kernel frees the guard when its owner ends, however it ends."""

import fcntl
import getpass
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from emotion_grid.base.files import read_json
from emotion_grid.base.layout import GUARD
from emotion_grid.base.locks import lock_file
from emotion_grid.base.messages import InputError
from emotion_grid.base.sharing import explained_refusals


class Guard:
    """Holds an experiment until the process ends, however it ends.

    The lock is the kernel's (`flock`): it needs no clean-up after a kill. The file beside it says who holds it.
    """

    def __init__(self, folder: Path, experiment: str):
        """Take the guard.

        Raises:
            InputError: somebody holds it (the message says who, where and since when), or the system refuses the file.
        """
        path = folder / GUARD
        with explained_refusals(path):
            folder.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+", encoding="utf-8")  # held until the process ends
        try:
            self.held = lock_file(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise InputError(
                f"experiment {experiment} is already running: {_owner(path)}. Wait for it, or stop that one first."
            ) from None
        with explained_refusals(path):
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
    path = folder / GUARD
    try:
        record = read_json(path)
        since = time.mktime(time.strptime(record["since"], "%Y-%m-%d %H:%M:%S"))
        here = record["host"] == socket.gethostname()
    except (InputError, KeyError, OSError, ValueError):
        return None
    return Start(_owner(path), since, is_locked(path) if here else None)


def is_locked(path: Path) -> bool | None:
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
