"""Files that appear whole or not at all, and the digests that name them.

Imports the standard library only: the Snakefile reads this module, too.
"""

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.base.room import lack_of_room


def read_json(path: str | Path) -> Any:
    """The value in a JSON file; a broken file is an `InputError` that names it."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:  # no JSON, or no UTF-8
        raise InputError(f"{path}: expected JSON, found {error}") from error


@contextmanager
def _named_if_full(path: Path) -> Iterator[None]:
    """Let a disk without room be an error of the system that names `path`, whatever a library in the block makes of it."""
    try:
        yield
    except Exception as error:
        if number := lack_of_room(error):
            raise OSError(number, os.strerror(number), str(path)) from error
        raise


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it takes the final name only if the block ends well.

    Raises:
        OSError: the disk has no room; it names `path`.
    """
    path = Path(path)
    with _named_if_full(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        partial = Path(name)
        try:
            partial.chmod(0o666 & ~_umask())
            yield partial
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; it replaces `path` only if the block ends well.

    Raises:
        OSError: the disk has no room; it names `path`.
    """
    path = Path(path)
    with _named_if_full(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        try:
            # Where a team's folder hands its group on, so does this one.
            handed_on = partial.stat().st_mode & stat.S_ISGID
            partial.chmod(handed_on | 0o777 & ~_umask())
            yield partial
            for file in partial.rglob("*"):
                # Some libraries write for their owner alone (safetensors). A file with a second name is not this folder's alone.
                if file.is_file() and file.stat().st_nlink == 1:
                    file.chmod(0o666 & ~_umask())
            if path.exists():
                shutil.rmtree(path)
            partial.replace(path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def write_text(path: str | Path, text: str) -> None:
    """Write a text file whole."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Write a value as JSON a person can read: sorted keys, two spaces."""
    write_text(path, json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n")


def _umask() -> int:
    """The process's umask: temporary files are private, results belong to the team."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
