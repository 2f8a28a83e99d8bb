"""The image that rules run in: where it is, whether it is whole, and whether it holds the checkout's lock.

An image is published as a folder: `image.json` names the file, its checksum and its labels; the file's name carries the checksum, so
that a newer image never replaces one that a grid is running in. Imports neither torch nor transformers: the Snakefile reads it at
every start.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from emotion_grid.base.digests import SHORT, file_digest
from emotion_grid.base.files import whole_file, write_json, write_text
from emotion_grid.base.layout import PROJECT
from emotion_grid.base.messages import InputError

DESCRIPTION = "image.json"

PREFIX = "emotion-grid."
"""What the project's own labels begin with."""


@dataclass(frozen=True)
class Image:
    """An image file, its SHA-256 and the project's labels in it (without their prefix)."""

    file: Path
    sha256: str
    labels: dict[str, str]


def runtime() -> str | None:
    """The program that runs images on this machine."""
    return shutil.which("apptainer")


def read_labels(file: Path) -> dict[str, str]:
    """The project's labels in an image file.

    Raises:
        InputError: not an image, or another project's.
    """
    done = subprocess.run(["apptainer", "inspect", "--json", "--labels", str(file)], capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"{file}: expected an Apptainer image, found something that apptainer cannot read")
    found = json.loads(done.stdout)["data"]["attributes"]["labels"] or {}
    labels = {name.removeprefix(PREFIX): value for name, value in found.items() if name.startswith(PREFIX)}
    if "lock" not in labels:
        raise InputError(
            f"{file}: expected an image of emotion-grid (built from containers/emotion-grid.def), found another project's"
        )
    return labels


def publish(file: Path, folder: Path, labels: dict[str, str], move: bool = False) -> Image:
    """Copy or move an image into a folder and describe it there, the description last.

    Whoever reads the folder meanwhile finds the image before or the new one, whole. Images that were there stay.

    Raises:
        InputError: no space or no permission.
    """
    try:
        sha256 = file_digest(file)
        name = f"emotion-grid-{sha256[:SHORT]}.sif"
        folder.mkdir(parents=True, exist_ok=True)
        if move:
            file.replace(folder / name)
        elif not (folder / name).is_file() or file_digest(folder / name) != sha256:
            _copy(file, folder / name, sha256)
        write_text(folder / f"{name}.sha256", f"{sha256}  {name}\n")
        page = (PROJECT / "containers" / "README.md.in").read_text(encoding="utf-8")
        write_text(folder / "README.md", page.format(name=name, folder=folder.resolve(), **labels))
        write_json(folder / DESCRIPTION, {"file": name, "sha256": sha256, "labels": labels})
    except OSError as error:
        raise InputError(
            f"{folder}: the image could not be put there ({error.strerror}); the previous image was kept"
        ) from error
    return Image(folder / name, sha256, labels)


def _copy(file: Path, target: Path, sha256: str) -> None:
    needed, free = file.stat().st_size, shutil.disk_usage(target.parent).free
    if free < needed:
        raise InputError(
            f"{target.parent}: expected {needed / 1e6:,.0f} MB of free space for the image, found {free / 1e6:,.0f} MB"
        )
    with whole_file(target) as partial:
        shutil.copyfile(file, partial)
        if file_digest(partial) != sha256:
            raise InputError(f"{target}: the copy differs from {file}; publish it again")
