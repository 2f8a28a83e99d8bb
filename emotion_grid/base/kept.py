"""Digests of large files, kept beside what the file system says of them: a file that is as it was is not read again."""

import contextlib
from pathlib import Path

from emotion_grid.base.digests import digest, file_digest
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.layout import KEPT
from emotion_grid.base.messages import InputError

LARGE = 100_000_000
"""Bytes from which on a file is not read again or copied without need."""


def kept_digest(path: Path, cache: Path) -> str:
    """SHA-256 of a file; of a large one, that of the last time, if its size, inode and times are the same.

    No program can set the time at which the system noted a change (ctime), so an exchanged file is found even if it got the old file's
    times.

    Args:
        cache: the folder of what experiments share; where it does not exist, nothing is kept.
    """
    status = path.stat()
    if status.st_size < LARGE or not cache.is_dir():
        return file_digest(path)
    record = cache / KEPT / f"{digest(str(path.resolve()))[:16]}.json"
    now = [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]
    with contextlib.suppress(OSError, InputError, KeyError, TypeError):
        known = read_json(record)
        if known["file"] == now:
            return str(known["sha256"])
    sha256 = file_digest(path)
    with contextlib.suppress(OSError):
        write_json(record, {"path": str(path.resolve()), "file": now, "sha256": sha256})
    return sha256
