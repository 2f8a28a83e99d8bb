"""One start at a time for each experiment; the kernel frees the guard of a dead owner by itself."""

import fcntl
import getpass
import os
import socket
import time
from pathlib import Path

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
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
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


def _owner(path: Path) -> str:
    try:
        owner = read_json(path)
        return f"started by {owner['user']} on {owner['host']} (process {owner['process']}) at {owner['since']}"
    except (InputError, KeyError, OSError):
        return "by another process"
