"""Encoders in a folder on this machine: `model: ./path`, `/path` or `~/path`."""

import contextlib
import os
import shutil
import stat
from pathlib import Path
from typing import Any

from emotion_grid.base.files import read_json
from emotion_grid.base.kept import LARGE
from emotion_grid.base.messages import InputError
from emotion_grid.encoders.files import folder_digest, folder_files
from emotion_grid.encoders.kinds.kind import Kind
from emotion_grid.encoders.shape import shape_of

EVERYONE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH


def _identify(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    pinned = {"sha256": entry["sha256"]} if entry.get("sha256") else {}
    try:
        return {"folder": folder_digest(Path(entry["model"]).expanduser(), entry["cache"]), **pinned}
    except InputError as error:
        raise InputError(f"encoders.{name}.model: {entry['model']} cannot be used: {error}") from None


def _shape(model: str) -> tuple[int | None, int | None]:
    return shape_of(read_json(Path(model).expanduser() / "config.json"))


def copy_files(path: Path, target: Path) -> None:
    """Copy an encoder's files from a folder, or link the large ones where the file system allows it; whatever else lies there is left.

    Raises:
        InputError: no folder, no config.json, or no safetensors weights.
    """
    for file in folder_files(path):
        _take(file, target / file.name)


def _take(file: Path, target: Path) -> None:
    """Have a file in a folder, too. One that not everyone may read is copied, since a copy can be opened to those who share the cache."""
    status = file.stat()
    if status.st_size >= LARGE and status.st_mode & EVERYONE == EVERYONE:
        with contextlib.suppress(OSError):  # another file system, or somebody else's file
            os.link(file.resolve(), target)
            return
    shutil.copyfile(file, target)


def _fetch(spec: dict[str, Any], target: Path) -> None:
    copy_files(Path(spec["source"]).expanduser(), target)


KIND = Kind(
    prefixes=(".", "/", "~"),
    identify=_identify,
    fetch=_fetch,
    shape=_shape,
    path=lambda model: model,
)
