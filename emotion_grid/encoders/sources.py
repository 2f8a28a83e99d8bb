"""What is known of an encoder before it is fetched: where it comes from, its revision and its shape."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import SHORT, digest
from emotion_grid.base.files import read_json
from emotion_grid.base.layout import PROJECT
from emotion_grid.base.messages import InputError
from emotion_grid.base.yaml_files import load_yaml
from emotion_grid.encoders.files import folder_digest, is_folder
from emotion_grid.encoders.shape import Encoder, shape_of

COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Source:
    """One entry under `encoders`, with what planning needs: `spec` is what decides the encoder's content."""

    encoder: Encoder
    spec: dict[str, Any]
    model: str


def encoder_key(spec: dict[str, Any]) -> str:
    """The name of an encoder's folder in the cache: whoever uses the same encoder finds it, whatever they call it."""
    name = re.sub(r"[^A-Za-z0-9.]+", "-", spec.get("model", "folder").removeprefix("package:")).strip("-")
    return f"{name[:60]}-{digest(spec)[:SHORT]}"


@functools.cache
def well_known() -> dict[str, dict[str, Any]]:
    """The encoders that ship with their facts, by model."""
    known: dict[str, dict[str, Any]] = load_yaml(PROJECT / "config" / "encoders.yaml")
    return known


def distributions(model: str) -> list[str]:
    """The Python distributions of `package:name`, with a range such as `{001..005}` written out."""
    name = model.removeprefix("package:")
    found = re.fullmatch(r"(.*)\{(\d+)\.\.(\d+)\}(.*)", name)
    if not found:
        return [name]
    before, first, last, after = found.groups()
    return [f"{before}{number:0{len(first)}d}{after}" for number in range(int(first), int(last) + 1)]


def source(name: str, entry: dict[str, Any]) -> Source:
    """What the config's entry and the table of well-known encoders say of one encoder.

    Raises:
        InputError: the revision is not pinned, or the shape is not known.
    """
    where, model = f"encoders.{name}", entry["model"]
    known = well_known().get(model, {})
    facts = {**known, **entry}
    if facts.get("revision") != known.get("revision"):
        facts["sha256"] = entry.get("sha256")  # another revision has other weights
    layers, hidden_size = facts.get("layers"), facts.get("hidden_size")
    spec: dict[str, Any]
    if is_folder(model):
        folder = Path(model).expanduser()
        spec = {"folder": folder_digest(folder)}
        found = shape_of(read_json(folder / "config.json"))
        layers, hidden_size = layers or found[0], hidden_size or found[1]
    else:
        spec = {"model": model, "revision": _revision(where, model, facts), "sha256": facts.get("sha256")}
    if not layers or not hidden_size:
        raise InputError(
            f"{where}: the project does not know the shape of {model}; expected layers and hidden_size beside model "
            "(num_hidden_layers and hidden_size in the encoder's config.json)"
        )
    spec |= {"layers": layers, "hidden_size": hidden_size}
    return Source(Encoder(name, layers, hidden_size), spec, model)


def _revision(where: str, model: str, facts: dict[str, Any]) -> str:
    revision = facts.get("revision")
    if model.startswith("package:"):
        if not revision:
            raise InputError(
                f"{where}.revision: missing; {model} is none of the encoders in config/encoders.yaml: check its name, or give the "
                "package's version as revision, and layers and hidden_size"
            )
        return str(revision)
    if not revision:
        raise InputError(
            f"{where}.revision: missing; expected the hub's commit (40 hexadecimal digits) of {model}, or a folder's path as model"
        )
    if not COMMIT.fullmatch(str(revision)):
        raise InputError(
            f"{where}.revision: expected a commit (40 hexadecimal digits), since branches and tags move; found {revision}"
        )
    return str(revision)
