"""Folders that several people write to: who may write what is made in them, and what to do where the system refuses a file."""

import errno
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from emotion_grid.base.layout import SPEC
from emotion_grid.base.messages import InputError
from emotion_grid.base.numbers import gigabytes
from emotion_grid.base.room import NO_ROOM

OWN = os.umask(0)
"""The umask that this process was started with."""
os.umask(OWN)

READ, WRITE = 0o050, 0o020
"""What a umask must not hold, so that members of a group can read what is made, and write to it."""


def shared_umask(folder: Path) -> int:
    """The umask for what is made in a folder: the user's own, without what would close it to a group that the folder is open to.

    Where the group may read the folder, it can read what is made there. Where it may write to the folder, and the folder hands its group on
    (`chmod g+ws`, or the group is the user's own), it can write to what is made there.

    Args:
        folder: the folder or, if it is not there yet, the place for it: the nearest folder above decides.
    """
    state = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir()).stat()
    hands_on = state.st_mode & stat.S_ISGID or state.st_gid == os.getegid()
    read = READ if state.st_mode & stat.S_IRGRP else 0
    return OWN & ~read & ~(WRITE if state.st_mode & stat.S_IWGRP and hands_on else 0)


@contextmanager
def shared(folder: Path) -> Iterator[None]:
    """Make files in a folder as its group needs them while the block runs."""
    before = os.umask(shared_umask(folder))
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def explained_refusals(folder: Path | None = None) -> Iterator[None]:
    """Let a file that the system refuses end in one line that says what to do.

    Args:
        folder: where the block writes, for errors that name no file (a full disk).

    Raises:
        InputError: no permission, no space, a read-only file system, or a file where a folder is needed.
    """
    try:
        yield
    except OSError as error:
        if message := explain_refusal(error, folder):
            raise InputError(message) from error
        raise


def explain_refusal(error: OSError, folder: Path | None = None) -> str | None:
    """What to do about a file that the system refused; None for other errors.

    Args:
        error: what the system said.
        folder: where the program writes, if the error names no file.
    """
    place = Path(os.fsdecode(error.filename2 or error.filename)) if error.filename else folder
    if place is not None and not os.path.lexists(place):
        place = place.parent  # of a file that could not be made, its folder says more than its temporary name
    where = "" if place is None else f"{place}: "
    elsewhere = "set results_root or cache_root to a folder elsewhere"
    if error.errno in (errno.EACCES, errno.EPERM):
        whose = f"ask {_owner(place)} to open it to the group (chmod -R g+rwX), or " if place else ""
        return f"{where}expected permission to use it, found none; {whose}{elsewhere}"
    if error.errno in NO_ROOM:
        left = f" ({gigabytes(free_bytes(place))} are free now)" if place and error.errno == errno.ENOSPC else ""
        return f"{where}expected space on the disk, found {NO_ROOM[error.errno]}{left}; free some (make clean-unused lists what no run needs), or {elsewhere}"
    if error.errno == errno.EROFS:
        return f"{where}expected a folder that can be written to, found a read-only file system; {elsewhere}"
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"{where}expected a folder, found a file; move it away, or {elsewhere}"
    if error.errno == errno.ENAMETOOLONG:
        return f"{where}expected a shorter path, found one that is too long for the file system; {elsewhere}"
    return None


def check_writable(folders: Iterable[Path]) -> None:
    """Check that folders can be written to, and the files in them that are not replaced as a whole: logs, and the specs that runs lock.

    Raises:
        InputError: with the first that cannot: what somebody left closed to their group is named before anything runs.
    """
    for folder in folders:
        with explained_refusals(folder):
            kept = [path for path in folder.iterdir() if path.suffix in (".log", ".tsv") or path.name == SPEC]
            for path in (folder, *kept):
                if not os.access(path, os.W_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def free_bytes(path: Path) -> int:
    """Bytes that are free where a path is, or will be made."""
    place = path.absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def refused_room(folder: Path, size: int) -> str | None:
    """What a file of `size` bytes meets in a folder that has no room for it; one is written, since only the system knows of quotas."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(size))
            file.flush()
            os.fsync(file.fileno())  # a network file system may refuse it only now
    except OSError as error:
        return NO_ROOM.get(error.errno or 0)
    return None


def _owner(path: Path) -> str:
    """Who owns a path or, if it is not there, the nearest folder above it."""
    for place in (path.absolute(), *path.absolute().parents):
        try:
            return pwd.getpwuid(place.stat().st_uid).pw_name
        except OSError:
            continue
        except KeyError:
            return "its owner"
    return "its owner"
