"""Fetching an encoder from its source, and checking it against the plan."""

from pathlib import Path
from typing import Any

from emotion_grid.base.digests import digest, file_digest
from emotion_grid.base.files import read_json, whole_folder, write_json
from emotion_grid.base.layout import FILES
from emotion_grid.base.locks import one_maker
from emotion_grid.base.messages import InputError, log
from emotion_grid.encoders.files import WEIGHTS, folder_files
from emotion_grid.encoders.kinds.declared import kind_of
from emotion_grid.encoders.shape import shape_of

CHECKSUMS = "checksums.json"
"""Beside an encoder's files: the SHA-256 of each."""


def check(folder: Path, spec: dict[str, Any]) -> None:
    """Compare what was fetched with what the study was planned with.

    Raises:
        InputError: another shape, or code that would have to be executed.
    """
    name = spec["source"]
    config = read_json(folder / "config.json")
    for key, value in zip(("layers", "hidden_size"), shape_of(config), strict=True):
        if value is not None and value != spec[key]:
            raise InputError(
                f"{name}: expected {key} {spec[key]} (as planned), found {value} in its config.json; correct {key} under encoders"
            )
    if "auto_map" in config and not _is_known(config.get("model_type")):
        raise InputError(
            f"{name}: it needs code from outside (auto_map in config.json), which is not run; choose an encoder that transformers knows"
        )


def _is_known(family: str | None) -> bool:
    """Whether transformers has a family itself; code that a model of it names beside is not needed, and never run."""
    from transformers import CONFIG_MAPPING

    return family in CONFIG_MAPPING


def check_digests(checksums: dict[str, str], spec: dict[str, Any]) -> None:
    """Refuse files that are not those that the study was planned with.

    Args:
        checksums: SHA-256 of each file.

    Raises:
        InputError: a folder that changed, or weights that are not those of `sha256`.
    """
    name, pinned = spec["source"], spec.get("sha256")
    if "folder" in spec and digest(checksums) != spec["folder"]:
        raise InputError(f"{name}: the folder has changed since this start was planned; start again")
    if pinned and WEIGHTS not in checksums:
        raise InputError(
            f"{name}: expected model.safetensors, whose SHA-256 is pinned, found weights in several files; leave sha256 out (the revision, "
            "or a folder's content, pins them)"
        )
    if pinned and checksums[WEIGHTS] != pinned:
        raise InputError(
            f"{name}: expected model.safetensors with SHA-256 {pinned}, found {checksums[WEIGHTS]}; the file is not the one that was pinned"
        )


def is_whole(folder: Path) -> bool:
    """Whether an earlier fetch left all its files."""
    try:
        checksums = _checksums(folder)
    except (FileNotFoundError, InputError):
        return False
    return all((folder / name).is_file() and file_digest(folder / name) == sha256 for name, sha256 in checksums.items())


def _checksums(folder: Path) -> dict[str, str]:
    checksums: dict[str, str] = read_json(folder / CHECKSUMS)
    return checksums


def fetch(spec: dict[str, Any], output: Path) -> dict[str, str]:
    """Fetch an encoder into its `files/`, unless it is there, and return every file's SHA-256.

    Whoever else fetches the same one waits and then finds it.
    """
    target = output / FILES
    with one_maker(output):
        if is_whole(target):
            log(f"already in the cache: {target}")
            return _checksums(target)
        with whole_folder(target) as partial:
            kind_of(spec["source"]).fetch(spec, partial)
            check(partial, spec)
            checksums = {file.name: file_digest(file) for file in folder_files(partial)}
            check_digests(checksums, spec)
            write_json(partial / CHECKSUMS, checksums)
    return checksums
