"""The encoder: loading it, its layers, counting its parameters."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from transformers import AutoModel, PreTrainedModel
from transformers.utils import logging

from emotion_grid.base.messages import InputError


def quieten() -> None:
    """Keep warnings and progress bars of transformers out of a program's log."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def load_encoder(path: str | Path) -> PreTrainedModel:
    """The encoder in a folder: safetensors only, no code from outside, fp32, attention by SDPA where the family has it."""
    return AutoModel.from_pretrained(
        path, use_safetensors=True, trust_remote_code=False, local_files_only=True, dtype=torch.float32
    )


def encoder_layers(encoder: PreTrainedModel) -> nn.ModuleList:
    """The encoder's layers, lowest first, wherever the family keeps them."""
    count = encoder.config.num_hidden_layers
    for name, module in encoder.named_modules():
        if (
            isinstance(module, nn.ModuleList)
            and len(module) == count
            and name.rpartition(".")[2] in ("layer", "layers")
        ):
            return module
    raise InputError(f"expected an encoder with a list of {count} layers, found none in {type(encoder).__name__}")


LAYERED = ("bert", "roberta", "xlm-roberta", "mpnet")
"""Families (`model_type`) whose layers follow each other and share nothing but attention masks and relative positions."""


def keep_lower_layers(encoder: PreTrainedModel, count: int) -> None:
    """Cut an encoder above its lowest `count` layers: what it returns is then their output."""
    layers = encoder_layers(encoder)
    for place in range(count, len(layers)):
        delattr(layers, str(place))


@dataclass(frozen=True)
class Counts:
    """Parameters of a classifier."""

    trainable: int
    total: int


def count_parameters(model: nn.Module) -> Counts:
    """How many parameters train, and how many there are."""
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    return Counts(sum(size for size, trains in sizes if trains), sum(size for size, _ in sizes))
