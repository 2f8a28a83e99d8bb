"""Whether an encoder was loaded with all of its weights, and whether all of a file's weights that belong to it were used."""

from pathlib import Path
from typing import Any

from torch import nn

from emotion_grid.base.messages import InputError

SHOWN = 3
"""Names that a message shows of each kind."""


def expect_all_weights(model: nn.Module, encoder: nn.Module, loading: dict[str, Any], path: str | Path) -> None:
    """Refuse an encoder of which a weight was not in the file, or had another shape there, or that did not take one of its own.

    A pooler, which no classifier uses, may be missing; the file may hold the weights of heads, which are no part of the encoder.

    Args:
        model: what was loaded.
        encoder: the part of it that is used.
        loading: what transformers says of the loading.
        path: folder of the encoder.

    Raises:
        InputError: with the names.
    """
    used = {id(parameter) for name, parameter in encoder.named_parameters() if not name.startswith("pooler.")}
    places = dict(model.named_parameters(remove_duplicate=False))
    missing = [name for name in loading["missing_keys"] if id(places.get(name)) in used]
    shapes = [name for name, *_ in loading["mismatched_keys"] if id(places.get(name)) in used]
    parts = {name for name, _ in model.named_children()}
    unexpected = [name for name in loading["unexpected_keys"] if _within(name, model) in parts]
    found = (("missing", missing), ("of another shape", shapes), ("that the encoder does not have", unexpected))
    said = [f"{len(names)} {what} ({_listed(names)})" for what, names in found if names]
    if said:
        raise InputError(
            f"{path}: expected the weights of {type(encoder).__name__}, found {', '.join(said)}; what is missing would be random. Choose another "
            "encoder, or save it with save_pretrained of transformers"
        )


def _within(name: str, model: nn.Module) -> str:
    """The part of a model that a weight of a file is named after, with or without the prefix of models with heads."""
    prefix = getattr(model, "base_model_prefix", "")
    return (name.removeprefix(f"{prefix}.") if prefix else name).partition(".")[0]


def _listed(names: list[str]) -> str:
    shown = sorted(names)[:SHOWN]
    return ", ".join(shown) + (", ..." if len(names) > SHOWN else "")
