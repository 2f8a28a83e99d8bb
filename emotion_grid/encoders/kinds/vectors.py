"""Word vectors in a file on this machine: `model: vectors:path`."""

from pathlib import Path
from typing import Any

from emotion_grid.base.digests import file_digest
from emotion_grid.base.kept import kept_digest
from emotion_grid.base.messages import InputError
from emotion_grid.encoders.kinds.kind import Kind
from emotion_grid.encoders.vector_files import read_vectors, width_of
from emotion_grid.encoders.vectors import write_vectors

PREFIX = "vectors:"


def _path(model: str) -> str:
    return model.removeprefix(PREFIX)


def _file(model: str) -> Path:
    return Path(_path(model)).expanduser()


def _identify(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    path, pinned = _file(entry["model"]), entry.get("sha256")
    if not path.is_file():
        raise InputError(f"encoders.{name}.model: expected a file of word vectors, found none at {path}")
    found = kept_digest(path, entry["cache"])
    if pinned and pinned != found:
        raise InputError(f"encoders.{name}.sha256: expected {pinned}, found {found} for {path}")
    return {"file": found}


def _fetch(spec: dict[str, Any], target: Path) -> None:
    """Make an encoder's folder of the file."""
    path = _file(spec["source"])
    if file_digest(path) != spec["file"]:
        raise InputError(f"{path}: the file has changed since this start was planned; start again")
    write_vectors(*read_vectors(path), target)


KIND = Kind(
    prefixes=(PREFIX,), identify=_identify, fetch=_fetch, shape=lambda model: (0, width_of(_file(model))), path=_path
)
