"""The image that rules run in: where it is, whether it is whole, and whether it holds the checkout's lock.

An image is published as a folder: `image.json` names the file, its checksum and its labels; the file's name carries the checksum, so
that a newer image never replaces one that a grid is running in. Imports neither torch nor transformers: the Snakefile reads it at
every start.
"""

import json
import os
import pwd
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from scripts.lib.cli import log
from scripts.lib.files import SHORT, InputError, digest, file_digest, read_json, whole_file, write_json, write_text
from scripts.lib.lock import image_digest, locked_on

DESCRIPTION = "image.json"
PREFIX = "emotion-grid."
"""What the project's own labels begin with."""

LINKS = Path(".snakemake/container")
"""Where Snakemake finds the image: it takes no path with a space in it."""

HANDED_ON = "EMOTION_GRID_IMAGE"
"""The variable by which jobs, and the programs inside, learn which image the start chose."""


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
    done = subprocess.run([runtime(), "inspect", "--json", "--labels", str(file)], capture_output=True, text=True)
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
        write_text(folder / "README.md", README.format(name=name, folder=folder.resolve(), **labels))
        write_json(folder / DESCRIPTION, {"file": name, "sha256": sha256, "labels": labels})
    except OSError as error:
        raise InputError(
            f"{folder}: the image could not be put there ({error.strerror}); what was there before still holds"
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


README = """# The image of emotion-grid {version}

`{name}`: the packages that the rules run with. Base `{base}`, torch as in `envs/{torch}.txt`, lock `{lock}`.

Use it: in your checkout set `container: {folder}` in `profiles/slurm/site.yaml`, or

    export EMOTION_GRID_CONTAINER={folder}

then `snakemake --profile profiles/slurm`. Checksum: `sha256sum -c {name}.sha256`. `docs/container.md` in the checkout says more.

`image.json` names the newest image. Older files may be removed once no grid runs in them.
"""


def _owner(path: Path) -> str:
    try:
        return pwd.getpwuid(path.stat().st_uid).pw_name
    except (KeyError, OSError):
        return "its owner"


def find(value: str, cache: Path, envs: Path) -> Image:
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
            image = _pulled(value, cache / "images" / digest(value)[:SHORT], image_digest(envs))
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
    found = read_json(description)
    file = folder / found["file"]
    if not file.is_file():
        raise InputError(f"{file}: expected the image that {description} names, found none; publish it again")
    _check_whole(file, found["sha256"])
    if runtime() and (labels := read_labels(file)) != found["labels"]:
        differing = next(
            name for name in {**labels, **found["labels"]} if labels.get(name) != found["labels"].get(name)
        )
        raise InputError(
            f"{description}: expected the image's own label {differing} ({labels.get(differing)}), found "
            f"{found['labels'].get(differing)}; publish the image again"
        )
    return Image(file, found["sha256"], found["labels"])


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
    size, found = (
        sum(struct.unpack("<qq", header[112:128])),
        file.stat().st_size,
    )  # where its data begin, and their length
    if found < size:
        raise InputError(f"{file}: expected {size:,} bytes, found {found:,}: the file is truncated. Copy it again")
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
            done = subprocess.run([runtime(), "pull", str(file), address], stderr=subprocess.PIPE, text=True)
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
        f"({image.labels['lock'][:SHORT]}); {facts}. {advice}. Results made under the older lock stay"
    )


def link(image: Image) -> str:
    """The path by which Snakemake and its jobs reach the image, relative to the working directory."""
    path = LINKS / f"emotion-grid-{image.sha256[:SHORT]}.sif"
    path.parent.mkdir(parents=True, exist_ok=True)
    target = image.file.resolve()
    if not path.is_symlink() or path.readlink() != target:
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.symlink_to(target)
        partial.replace(path)
    return str(path)


def hand_on(image: Image) -> str:
    """Tell jobs and the programs inside which image this start chose; its path for Snakemake."""
    state = image.file.stat()
    facts = {"sha256": image.sha256, "lock": image.labels["lock"], "link": link(image)}
    os.environ[HANDED_ON] = json.dumps({**facts, "bytes": state.st_size, "modified": state.st_mtime_ns})
    os.environ[f"APPTAINERENV_{HANDED_ON}"] = json.dumps({key: facts[key] for key in ("sha256", "lock")})
    return facts["link"]


def handed_on() -> str:
    """The image's path in a job: the one that the start chose.

    Raises:
        InputError: the file is no longer that one.
    """
    facts = json.loads(os.environ[HANDED_ON])
    path = Path(facts["link"])
    state = path.stat() if path.exists() else None
    if state is None or (state.st_size, state.st_mtime_ns) != (facts["bytes"], facts["modified"]):
        raise InputError(
            f"{path.resolve()}: the image was replaced while this grid ran; start it again, finished runs stay. A folder that make "
            "share-container writes may be published to at any time"
        )
    return facts["link"]


FORWARDED = (
    "CUDA_VISIBLE_DEVICES",
    "SLURM_JOB_ID",
    "HF_TOKEN",
    "HF_ENDPOINT",
    *(variable for name in ("http_proxy", "https_proxy", "no_proxy") for variable in (name, name.upper())),
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
)
"""What the programs see of the host's variables: which GPU is theirs, which job they are, and how to reach a hub."""

FORWARDED_FILES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""Those that name a file of the host."""


def open_door(paths: list[Path]) -> None:
    """Let what runs inside see these paths, wherever they lie, and the variables it needs; all else of the host stays outside.

    Raises:
        InputError: a path that cannot be bound.
    """
    for name in FORWARDED:
        os.environ.pop(f"APPTAINERENV_{name}", None)
        if name in os.environ:
            os.environ[f"APPTAINERENV_{name}"] = os.environ[name]
    files = [Path(os.environ[name]) for name in FORWARDED_FILES if os.environ.get(name)]
    binds = [bind for bind in os.environ.get("APPTAINER_BIND", "").split(",") if bind]
    binds += [str(path) for path in outside([*paths, *(file for file in files if file.is_file())], Path.cwd())]
    os.environ["APPTAINER_BIND"] = ",".join(dict.fromkeys(binds))


def outside(paths: list[Path], inside: Path) -> list[Path]:
    """Paths, and the places that links among them lead to, that do not lie in a folder; none that lies in another of them."""
    places = {place for path in paths for place in (path.absolute(), path.resolve())}
    found: list[Path] = []
    for place in sorted(places):
        if not any(place.is_relative_to(other) for other in (inside, *found)):
            if set(str(place)) & set(":,"):
                raise InputError(
                    f"{place}: expected a path without colon and comma (it is bound into the image); rename it"
                )
            found.append(place)
    return found
