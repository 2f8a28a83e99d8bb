"""Encoders on the Hugging Face hub: `model: name` or `model: owner/name`."""

import re
import tempfile
from pathlib import Path
from typing import Any

from emotion_grid.base.messages import InputError, log
from emotion_grid.encoders.files import ENCODER_FILES
from emotion_grid.encoders.kinds.folder import copy_files
from emotion_grid.encoders.kinds.kind import Kind
from emotion_grid.encoders.known import advice

COMMIT = re.compile(r"[0-9a-f]{40}")


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
    from huggingface_hub import snapshot_download

    model, revision = spec["source"], spec["revision"]
    log(f"downloading {model} at {revision}")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            snapshot_download(model, revision=revision, allow_patterns=list(ENCODER_FILES), local_dir=scratch)
            copy_files(Path(scratch), target)
    except InputError:
        raise
    except Exception as error:  # the hub's client lets its HTTP library's errors through
        raise InputError(
            f"{model}: could not be fetched from the hub ({error.__class__.__name__}: {(str(error).splitlines() or ['no message'])[0]}). "
            "Is there a connection from this machine, and do name and revision exist?"
        ) from error


KIND = Kind(prefixes=("",), identify=_identify, fetch=_fetch)
