"""What is known of an encoder before it is fetched: where it comes from, its revision and its shape."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import SHORT, digest
from emotion_grid.base.messages import InputError
from emotion_grid.base.prompts import TEXT
from emotion_grid.encoders.kinds.declared import kind_of
from emotion_grid.encoders.known import well_known
from emotion_grid.encoders.shape import Encoder
from emotion_grid.encoders.vectors import FORM


@dataclass(frozen=True)
class Source:
    """One entry under `encoders`, with what planning needs.

    Attributes:
        encoder: its name and shape.
        spec: what decides its content.
        model: where its job finds it.
        prompt: the template around its texts, which is no part of its content.
    """

    encoder: Encoder
    spec: dict[str, Any]
    model: str
    prompt: str = TEXT


def encoder_key(spec: dict[str, Any]) -> str:
    """The name of an encoder's folder in the cache: whoever uses the same encoder finds it, whatever they call it."""
    name = re.sub(r"[^A-Za-z0-9.]+", "-", spec.get("model", "folder").removeprefix("package:")).strip("-")
    return f"{name[:60]}-{digest(spec)[:SHORT]}"


def source(name: str, entry: dict[str, Any], cache: Path | None = None) -> Source:
    """What the config's entry and the table of well-known encoders say of one encoder.

    Args:
        cache: the folder of what experiments share.

    Raises:
        InputError: the revision is not pinned, or the shape is not known.
    """
    model = entry["model"]
    kind, known = kind_of(model), well_known().get(model, {})
    facts = {**known, **entry}
    if facts.get("revision") != known.get("revision"):
        facts["sha256"] = entry.get("sha256")  # another revision has other weights
    spec = kind.identify(name, {**facts, "cache": cache})
    found = kind.shape(model)
    layers = found[0] if facts.get("layers") is None else facts["layers"]
    hidden_size = facts.get("hidden_size") or found[1]
    if layers is None or not hidden_size:
        raise InputError(
            f"encoders.{name}: the project does not know the shape of {model}; expected layers and hidden_size beside model "
            "(num_hidden_layers and hidden_size in the encoder's config.json; word vectors have 0 layers)"
        )
    spec |= {"layers": layers, "hidden_size": hidden_size}
    if not layers:
        spec["form"] = FORM
    return Source(Encoder(name, layers, hidden_size), spec, _for_jobs(model), facts.get("prompt", TEXT))


def local_path(model: str) -> Path | None:
    """The file or folder on this machine that `model` names; None if the encoder comes from elsewhere."""
    path = kind_of(model).path(model)
    return None if path is None else Path(path).expanduser()


def _for_jobs(model: str) -> str:
    """The model as jobs read it: with the home folder written out, since inside the image another folder is home."""
    path = kind_of(model).path(model)
    if path is None or not path.startswith("~"):
        return model
    return model.removesuffix(path) + str(Path(path).expanduser())
