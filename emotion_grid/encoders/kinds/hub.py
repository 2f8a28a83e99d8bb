"""Encoders on the Hugging Face hub: `model: name` or `model: owner/name`."""

import re
import tempfile
from pathlib import Path
from typing import Any

from emotion_grid.base.messages import InputError, log
from emotion_grid.encoders.files import ENCODER_FILES, INDEX, WEIGHTS, parts_of
from emotion_grid.encoders.kinds.folder import copy_files
from emotion_grid.encoders.kinds.kind import Kind
from emotion_grid.encoders.known import advice

COMMIT = re.compile(r"[0-9a-f]{40}")

PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack")
"""How the names of weights end that are never loaded."""


def _identify(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    model, revision = entry["model"], entry.get("revision")
    where = f"encoders.{name}.revision"
    if not revision:
        raise InputError(
            f"{where}: missing; {model} is none of the encoders in config/encoders.yaml{advice(model)}. Give the hub's commit as revision (40 "
            "hexadecimal digits; on the model's page: Files and versions, History), or a folder's path as model"
        )
    if not COMMIT.fullmatch(str(revision)):
        raise InputError(
            f"{where}: expected a commit (40 hexadecimal digits), since branches and tags move; found {revision}"
        )
    return {"model": model, "revision": str(revision), "sha256": entry.get("sha256")}


def _fetch(spec: dict[str, Any], target: Path) -> None:
    """Download an encoder's files from the hub at one commit."""
    model, revision = spec["source"], spec["revision"]
    log(f"downloading {model} at {revision}")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            _download(model, revision, Path(scratch))
            copy_files(Path(scratch), target)
    except InputError:
        raise
    except Exception as error:  # the hub's client lets its HTTP library's errors through
        raise InputError(
            f"{model}: could not be fetched from the hub ({error.__class__.__name__}: {(str(error).splitlines() or ['no message'])[0]}). "
            "Is there a connection from this machine, and do name and revision exist?"
        ) from error


def _download(model: str, revision: str, folder: Path) -> None:
    """Download an encoder's files, and of its weights those that are loaded.

    Weights in a single file of another name get the usual one; whether they are the encoder's is found out when they are loaded.

    Raises:
        InputError: no weights as safetensors, or several that could be meant.
    """
    from huggingface_hub import list_repo_files, snapshot_download

    def get(*patterns: str) -> None:
        snapshot_download(model, revision=revision, allow_patterns=list(patterns), local_dir=folder)

    names = {name for name in list_repo_files(model, revision=revision) if "/" not in name}
    others = [pattern for pattern in ENCODER_FILES if not pattern.endswith((".safetensors", INDEX))]
    if WEIGHTS in names:
        get(*others, WEIGHTS)
    elif INDEX in names:
        get(INDEX)
        get(*others, *parts_of(folder / INDEX))
    else:
        weights = _only_weights(names, f"{model} at {revision}")
        get(*others, weights)
        (folder / weights).rename(folder / WEIGHTS)


def _only_weights(names: set[str], where: str) -> str:
    """The one file of safetensors, whatever its name."""
    found = sorted(name for name in names if name.endswith(".safetensors"))
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            f"{where}: expected weights as {WEIGHTS}, or in one file, found {', '.join(found)}; download the encoder into a folder, rename "
            f"what holds its weights to {WEIGHTS}, and give the folder as model"
        )
    pickles = sorted(name for name in names if name.endswith(PICKLED))
    raise InputError(
        f"{where}: expected weights as safetensors, found {', '.join(pickles) or 'no weights'}"
        f"{' alone, which is not loaded, since reading it can run code' if pickles else ''}. A pull request may have them: on the model's page "
        "open Community, a pull request that adds safetensors, its Files, and give the commit that stands there as revision (docs/encoders.md)"
    )


KIND = Kind(prefixes=("",), identify=_identify, fetch=_fetch)
