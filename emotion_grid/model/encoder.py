"""The encoder: loading it, counting its parameters."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.utils import logging

from emotion_grid.base.files import read_json
from emotion_grid.base.messages import InputError
from emotion_grid.model.anatomy import Anatomy, examine
from emotion_grid.model.vectors import Vectors, VectorsConfig
from emotion_grid.model.weights import expect_all_weights

FACTS = "facts.json"
"""What is known of a fetched encoder, beside its folder; as in base/layout.py, which is imported by no module that runs' digests cover."""

SETTINGS = {"big_bird": {"attention_type": "original_full"}, "bigbird_pegasus": {"attention_type": "original_full"}}
"""Families (`model_type`) whose sparse attention depends on how long a batch is: it is full instead."""

# To the classes of transformers, word vectors are one family more.
AutoConfig.register(VectorsConfig.model_type, VectorsConfig)
AutoModel.register(VectorsConfig, Vectors)


@dataclass(frozen=True)
class Pretrained:
    """An encoder in memory, and what it is made of."""

    model: PreTrainedModel
    anatomy: Anatomy


def quieten() -> None:
    """Keep warnings and progress bars of transformers out of a program's log."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def load_encoder(path: str | Path) -> Pretrained:
    """The encoder in a folder, and what it is made of: as was found out when it was fetched, or else now.

    Raises:
        InputError: as `load_model`; an encoder that cannot be used.
    """
    model, facts = load_model(path), Path(path).with_name(FACTS)
    known = read_json(facts).get("anatomy") if facts.is_file() else None
    return Pretrained(model, examine(model) if known is None else Anatomy(**known))


def settle(config: PretrainedConfig) -> None:
    """Set in an encoder's config what is the same for all: no sparse attention, and no kernel from outside that a file may name."""
    config._attn_implementation = None  # as transformers chooses: SDPA where the family has it
    for key, value in SETTINGS.get(config.model_type, {}).items():
        setattr(config, key, value)


def load_model(path: str | Path) -> PreTrainedModel:
    """The encoder in a folder: safetensors only, no code from outside, fp32, attention by SDPA where the family has it.

    Of an encoder and decoder, the encoder.

    Raises:
        InputError: no encoder that transformers knows, or weights that are missing or left over.
    """
    try:
        config = AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)
        settle(config)
        whole, loading = AutoModel.from_pretrained(
            path,
            config=config,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            dtype=torch.float32,
            ignore_mismatched_sizes=True,  # they are refused with their names below
            output_loading_info=True,
        )
    except Exception as error:  # whatever transformers and safetensors raise
        raise InputError(
            f"{path}: expected an encoder that transformers can load, found {error.__class__.__name__}: "
            f"{(str(error).splitlines() or ['no message'])[0]}; choose another encoder"
        ) from error
    model = whole.get_encoder() if config.is_encoder_decoder else whole
    expect_all_weights(whole, model, loading, path)
    model.config.get_text_config().use_cache = False  # no text is continued
    return model


@dataclass(frozen=True)
class Counts:
    """Parameters of a classifier."""

    trainable: int
    total: int


def count_parameters(model: nn.Module) -> Counts:
    """How many parameters train, and how many there are."""
    sizes = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    return Counts(sum(size for size, trains in sizes if trains), sum(size for size, _ in sizes))
