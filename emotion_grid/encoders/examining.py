"""Finding out, once, when an encoder is fetched, what planning and training must know of it."""

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_grid.base.layout import FILES
from emotion_grid.base.messages import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from emotion_grid.model.anatomy import Anatomy


def find_facts(folder: Path, spec: dict[str, Any]) -> dict[str, Any]:
    """What the cache records of a fetched encoder: its tokenizer, its size, what it is made of and how it treats a text.

    Args:
        folder: the encoder's folder in the cache.
        spec: of the encoder, with the shape that the study was planned with.

    Raises:
        InputError: a tokenizer or weights that transformers cannot load whole, an encoder that cannot be used, or another shape.
    """
    from emotion_grid.model.anatomy import examine, positions_of, vocabulary_of
    from emotion_grid.model.encoder import count_parameters, load_model, quieten
    from emotion_grid.model.tokenizer import load_tokenizer

    quieten()
    files = folder / FILES
    tokenizer = load_tokenizer(files)
    model = load_model(files)
    config = model.config.get_text_config()
    for key, found in (("layers", config.num_hidden_layers), ("hidden_size", config.hidden_size)):
        if found != spec[key]:
            raise InputError(
                f"{spec['source']}: expected {key} {spec[key]} (as planned), found {found} in its config.json; correct {key} under encoders"
            )
    anatomy = examine(model)
    return {
        "tokenizer": type(tokenizer).__name__,
        "offsets": bool(tokenizer.is_fast),
        "family": model.config.model_type,
        "parameters": count_parameters(model).total,
        "vocabulary": vocabulary_of(model),
        "positions": positions_of(model),
        "anatomy": dataclasses.asdict(anatomy),
        "lora": _adaptable(model, anatomy),
    }


def _adaptable(model: "PreTrainedModel", anatomy: "Anatomy") -> dict[str, list[str]]:
    """What LoRA can adapt in an encoder, which is of no use afterwards: values of `targets`, and the last parts of its linear layers' names."""
    from emotion_grid.model.lora import add_lora, lora_targets

    names: dict[str, list[str]] = {}
    for targets in ("query-value", "all-linear"):
        with contextlib.suppress(InputError):
            names[targets] = lora_targets(model, anatomy, 0, targets)
    linear = sorted({name.rpartition(".")[2] for name in names.get("all-linear", [])})
    try:
        add_lora(model, anatomy, 0, {"rank": 1, "alpha": 1, "dropout": 0.0, "targets": "all-linear"})
    except InputError:
        names = {}
    return {"targets": list(names), "linear": linear}
