"""The shape of an encoder: how many layers it has and how wide they are."""

from dataclasses import dataclass
from typing import Any

LAYERS = ("num_hidden_layers", "n_layers", "n_layer", "num_layers", "encoder_layers")
WIDTH = ("hidden_size", "dim", "d_model", "n_embd", "emb_dim")
"""What families call the number of layers and their width in config.json; of an encoder and decoder, the encoder's."""


@dataclass(frozen=True)
class Encoder:
    """What planning must know of an encoder: its name in the config and its shape."""

    name: str
    layers: int
    hidden_size: int


def shape_of(config: dict[str, Any]) -> tuple[int | None, int | None]:
    """Layers and hidden size in a model's config.json, whatever the family calls them; None for what it does not say."""
    config = config.get("text_config", config)
    layers = next((config[name] for name in LAYERS if name in config), None)
    if layers is None and "block_sizes" in config:
        layers = sum(config["block_sizes"])
    return layers, next((config[name] for name in WIDTH if name in config), None)
