"""Fetching an encoder from its source, and checking it against the plan."""

from pathlib import Path
from typing import Any

from emotion_grid.base.digests import file_digest
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
        InputError: another shape, other weights, or code that would have to be executed.
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
    if spec.get("sha256"):
        _check_digest(folder / WEIGHTS, spec)


def _is_known(family: str | None) -> bool:
    """Whether transformers has a family itself; code that a model of it names beside is not needed, and never run."""
    from transformers import CONFIG_MAPPING

    return family in CONFIG_MAPPING


def _check_digest(weights: Path, spec: dict[str, Any]) -> None:
    """Refuse weights that are not those of the spec's `sha256`."""
    name = spec["source"]
    if not weights.is_file():
        raise InputError(
            f"{name}: expected model.safetensors, whose SHA-256 is pinned, found weights in several files; leave sha256 out (the revision, "
            "or a folder's content, pins them)"
        )
    if (sha256 := file_digest(weights)) != spec["sha256"]:
        raise InputError(
            f"{name}: expected model.safetensors with SHA-256 {spec['sha256']}, found {sha256}; the file is not the one that was pinned"
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
            write_json(partial / CHECKSUMS, {file.name: file_digest(file) for file in folder_files(partial)})
    return _checksums(target)
