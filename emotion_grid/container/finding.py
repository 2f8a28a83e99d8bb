"""Finding the image that a site names, and checking that it is whole and has the checkout's locked packages."""

import pwd
import struct
import subprocess
import tempfile
from pathlib import Path

from emotion_grid.base.digests import SHORT, digest, file_digest
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.layout import IMAGES
from emotion_grid.base.messages import InputError, log
from emotion_grid.base.requirements import image_digest, locked_on
from emotion_grid.container.image import DESCRIPTION, Image, publish, read_labels, runtime

LINKS = Path(".snakemake/container")
"""Where Snakemake finds the image: it takes no path with a space in it."""


def _owner(path: Path) -> str:
    try:
        return pwd.getpwuid(path.stat().st_uid).pw_name
    except (KeyError, OSError):
        return "its owner"


def find_image(value: str, cache: Path, envs: Path) -> Image:
    """The image that the site's value names: a folder, a file, or an address `oras://…`; whole, and with the checkout's lock.

    Args:
        value: the site's `container`.
        cache: where an image from a registry is kept.
        envs: the checkout's locked requirements.

    Raises:
        InputError: none there, unreadable, truncated, changed, another project's, or made from another lock.
    """
    try:
        if value.startswith("oras://"):
            image = _pulled(value, cache / IMAGES / digest(value)[:SHORT], image_digest(envs))
        else:
            path = Path(value).expanduser()
            if not path.exists():
                raise InputError(
                    f"container: expected an image at {path}, found nothing. Build one: make container; or set container in "
                    "profiles/slurm/site.yaml to your team's (docs/container.md)"
                )
            image = _described(path) if path.is_dir() else _single(path)
    except PermissionError as error:
        at = Path(error.filename or value)
        raise InputError(
            f"{at}: expected an image that you can read, found no permission; ask {_owner(at)} to run: chmod -R g+rX {at}"
        ) from error
    _check_lock(image, envs)
    return image


def _described(folder: Path) -> Image:
    """The image that a folder's description names, checked against it."""
    description = folder / DESCRIPTION
    if not description.is_file():
        raise InputError(
            f"{folder}: expected {DESCRIPTION} beside an image (make share-container writes it), found none"
        )
    described = read_json(description)
    file = folder / described["file"]
    if not file.is_file():
        raise InputError(f"{file}: expected the image that {description} names, found none; publish it again")
    _check_whole(file, described["sha256"])
    if runtime() and (labels := read_labels(file)) != described["labels"]:
        differing = next(
            name for name in {**labels, **described["labels"]} if labels.get(name) != described["labels"].get(name)
        )
        raise InputError(
            f"{description}: expected the image's own label {differing} ({labels.get(differing)}), found "
            f"{described['labels'].get(differing)}; publish the image again"
        )
    return Image(file, described["sha256"], described["labels"])


def _single(file: Path) -> Image:
    """An image file by itself; its labels are its own, and a checksum beside it is checked."""
    if not runtime():
        raise InputError(
            f"{file}: expected apptainer on this machine to read the image's labels, found none; use a folder that make "
            "share-container wrote, where they stand beside the image"
        )
    with file.open("rb") as opened:
        header = opened.read(128)
    if header[32:41] != b"SIF_MAGIC":
        raise InputError(f"{file}: expected an Apptainer image (SIF), found another kind of file")
    size = sum(struct.unpack("<qq", header[112:128]))  # where its data begin, and their length
    actual = file.stat().st_size
    if actual < size:
        raise InputError(f"{file}: expected {size:,} bytes, found {actual:,}: the file is truncated. Copy it again")
    beside = file.with_name(f"{file.name}.sha256")
    sha256 = _check_whole(file, beside.read_text().split()[0] if beside.is_file() else None)
    return Image(file, sha256, read_labels(file))


def _pulled(address: str, folder: Path, lock: str) -> Image:
    """An image from a registry, kept in a folder; fetched again if that one was made from another lock.

    The registry's client checks the registry's checksum on the way.
    """
    if not runtime():
        raise InputError(f"{address}: expected apptainer on this machine to fetch the image, found none")
    description = folder / DESCRIPTION
    if not description.is_file() or read_json(description)["labels"]["lock"] != lock:
        log(f"fetching {address}")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            file = Path(scratch) / "image.sif"
            done = subprocess.run(["apptainer", "pull", str(file), address], stderr=subprocess.PIPE, text=True)
            if done.returncode:
                said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
                raise InputError(f"{address}: expected an image to fetch, found none; apptainer said: {said}")
            publish(file, folder, read_labels(file), move=True)
    return _described(folder)


def _check_whole(file: Path, expected: str | None) -> str:
    """The file's SHA-256, computed once for each state of the file.

    Raises:
        InputError: it is not the one expected.
    """
    record = LINKS / "checked.json"
    known = read_json(record) if record.is_file() else {}
    state = file.stat()
    key = f"{file.resolve()} {state.st_size} {state.st_mtime_ns} {state.st_ino}"
    if key not in known:
        log(f"checking {file}")
    sha256 = known.get(key) or file_digest(file)
    if expected and sha256 != expected:
        raise InputError(
            f"{file}: expected SHA-256 {expected}, found {sha256}: the file is truncated or changed. Copy it again, or ask "
            f"{_owner(file)} to publish it again"
        )
    if key not in known:
        write_json(record, {**known, key: sha256})
    return sha256


def _check_lock(image: Image, envs: Path) -> None:
    """Refuse an image that was built from another lock than the checkout's.

    Raises:
        InputError: with which of the two is newer, and what to do.
    """
    if image.labels["lock"] == image_digest(envs):
        return
    theirs, ours = image.labels.get("locked", ""), locked_on(envs)
    facts = f"the image's was locked {theirs or 'at an unknown time'}, the checkout's {ours or 'at an unknown time'}"
    if theirs and ours and theirs != ours:
        newer = "checkout" if ours > theirs else "image"
        advice = {
            "checkout": "The checkout is newer: build the image again (make container), or ask for a new one of your team",
            "image": "The image is newer: bring the checkout up to date (git pull), or use the image that it belongs to",
        }[newer]
    else:
        advice = "Build the image again (make container), or go back to the lock that it was built from"
    raise InputError(
        f"{image.file}: expected an image with the packages of envs/ ({image_digest(envs)[:SHORT]}), found one with others "
        f"({image.labels['lock'][:SHORT]}); {facts}. {advice}. Existing results are kept"
    )
