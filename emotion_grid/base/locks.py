"""Locks on files and folders that the kernel frees when their owner ends."""

import errno
import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from emotion_grid.base.layout import FILES
from emotion_grid.base.messages import log
from emotion_grid.base.sharing import explained_refusals


@contextmanager
def one_maker(folder: Path) -> Iterator[None]:
    """Hold the making of a folder in the cache while the block runs; whoever else would make it waits, and then finds it.

    What a killed maker left half-made under a temporary name is removed first.
    """
    lock = folder.with_name(f".{folder.name}.lock")
    with explained_refusals(lock):
        folder.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("w")
    with file:
        _wait(file, f"another process makes {folder.name}; waiting until it is there")
        for left in folder.glob(f".{FILES}.*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


@contextmanager
def one_at_a_time(path: Path) -> Iterator[bool]:
    """Hold a file that is there while the block runs, after whoever holds it now; yields whether somebody did."""
    with path.open("r+b") as file:
        yield _wait(file, f"another process is at work on {path.parent.name}; waiting until it ends")


def _wait(file: IO[Any], told: str) -> bool:
    """Lock a file after whoever holds it now; whether somebody did, of which the log is `told`."""
    try:
        lock_file(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        log(told)
        lock_file(file, fcntl.LOCK_EX)
        return True


def lock_file(file: IO[Any], how: int) -> bool:
    """Lock a file, or say that its file system knows no locks: then it is up to people not to start twice."""
    try:
        fcntl.flock(file, how)
        return True
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
        log(f"{file.name}: this file system has no locks; do not start the same experiment twice at the same time")
        return False
