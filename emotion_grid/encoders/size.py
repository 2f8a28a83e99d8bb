"""How large an encoder is, as far as that is known before it is loaded: what its jobs' memory and time follow."""

import functools
import json
import math
from pathlib import Path
from typing import Any

from emotion_grid.base.files import read_json
from emotion_grid.base.messages import InputError
from emotion_grid.encoders.facts import read_facts
from emotion_grid.encoders.files import folder_files
from emotion_grid.encoders.known import well_known
from emotion_grid.encoders.sources import local_path

LONGEST_HEADER = 100_000_000
"""Bytes of the header of a safetensors file at most, as its format has it."""


def with_size(encoder: dict[str, Any], fetched: Path, model: str) -> dict[str, Any]:
    """What a spec says of an encoder, with its `parameters` and `vocabulary` (rows of its word embeddings) where they are known.

    Fetching counted both. Of an encoder in a folder its files say them, and of well-known ones the project knows the vocabulary.

    Args:
        encoder: what the spec says.
        fetched: its folder in the cache, there or not.
        model: where its job finds it.
    """
    facts = read_facts(fetched)
    if not facts and (folder := local_path(model)):
        facts = _facts_of_files(folder)
    known = {**well_known().get(model, {}), **facts}
    return {**encoder, **{key: known[key] for key in ("parameters", "vocabulary") if known.get(key)}}


@functools.cache
def _facts_of_files(folder: Path) -> dict[str, Any]:
    """Parameters and vocabulary from an encoder's files; empty where they do not say them."""
    try:
        config = read_json(folder / "config.json")
        weights = [file for file in folder_files(folder) if file.suffix == ".safetensors"]
        return {
            "parameters": sum(map(parameters_in, weights)),
            "vocabulary": config.get("text_config", config).get("vocab_size"),
        }
    except (InputError, OSError, ValueError, AttributeError, KeyError, TypeError):
        return {}


def parameters_in(weights: Path) -> int:
    """How many numbers a safetensors file holds, by its header; nothing else of it is read.

    Raises:
        ValueError: a file of another form.
    """
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > LONGEST_HEADER:
            raise ValueError(f"{weights}: expected a safetensors file")
        header = json.loads(file.read(length))
    return sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
