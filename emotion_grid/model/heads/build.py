"""Building the head that a spec describes."""

import importlib

from torch import nn


def build_head(head: dict, hidden_size: int, labels: int) -> nn.Module:
    """The head that a spec's `head` describes.

    Its module is imported by name, so that a run's program digest holds the head that it uses and no other.

    Args:
        hidden_size: width of the encoder's hidden states.
        labels: number of outputs.
    """
    module = importlib.import_module(f"emotion_grid.model.heads.{head['type']}")
    options = {key: value for key, value in head.items() if key != "type"}
    return module.Head(hidden_size, labels, **options)
