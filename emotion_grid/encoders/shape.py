"""The shape of an encoder: how many layers it has and how wide they are."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Encoder:
    """What planning must know of an encoder: its name in the config and its shape."""

    name: str
    layers: int
    hidden_size: int


def shape_of(config: dict[str, Any]) -> tuple[int | None, int | None]:
    """Layers and hidden size in a model's config.json, whatever the family calls them."""
    layers = config.get("num_hidden_layers", config.get("n_layers"))
    return layers, config.get("hidden_size", config.get("dim"))
