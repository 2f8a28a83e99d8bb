"""Padded batches of tokens or hidden states, read from the cache."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from emotion_grid.base.files import read_json
from emotion_grid.features.index import DATASET, FILES, TOKENS_RECORD, Index
from emotion_grid.features.values import read_values

Inputs = Callable[[np.ndarray], dict[str, torch.Tensor]]
"""From places of texts, (texts,), to what a model takes of them."""


def pad(values: torch.Tensor, starts: np.ndarray, lengths: np.ndarray, fill: int, multiple: int) -> torch.Tensor:
    """Ragged rows of a flat tensor (tokens, ...) as one padded to their longest, (rows, longest, ...).

    Args:
        starts, lengths: where each row begins, and how many tokens it has; int, (rows,).
        multiple: the padded length is a multiple of it.
    """
    steps = np.arange(_padded(lengths, multiple))
    inside = torch.from_numpy(steps < lengths[:, None])
    result = values.new_full((*inside.shape, *values.shape[1:]), fill)
    result[inside] = values[torch.from_numpy((starts[:, None] + steps)[inside.numpy()])]
    return result


def attention_mask(lengths: np.ndarray, multiple: int) -> torch.Tensor:
    """1 where a token stands, 0 where padding does, int, (rows, longest)."""
    return torch.from_numpy((np.arange(_padded(lengths, multiple)) < lengths[:, None]).astype(np.int64))


def _padded(lengths: np.ndarray, multiple: int) -> int:
    return math.ceil(lengths.max() / multiple) * multiple


def batches_by_length(lengths: np.ndarray, tokens: int = 8192) -> list[np.ndarray]:
    """Places of texts, in order, so many at once that they have at most `tokens` tokens, padding included.

    Args:
        lengths: of the texts, longest first.
    """
    found, start = [], 0
    while start < len(lengths):
        stop = min(start + max(1, tokens // int(lengths[start])), len(lengths))
        found.append(np.arange(start, stop))
        start = stop
    return found


def token_inputs(tokens: Path, index: Index, multiple: int = 1) -> Inputs:
    """Reads batches of tokens: what an encoder takes."""
    from datasets import load_from_disk

    fills = read_json(tokens / TOKENS_RECORD)["fill"]
    table = load_from_disk(str(tokens / FILES / DATASET)).data
    columns = {name: torch.tensor(table.column(name).combine_chunks().flatten().to_numpy()) for name in fills}
    starts = np.cumsum(index.lengths) - index.lengths

    def batch(places: np.ndarray) -> dict[str, torch.Tensor]:
        lengths = index.lengths[places]
        padded = {
            name: pad(values, starts[places], lengths, fills[name], multiple).long() for name, values in columns.items()
        }
        return {**padded, "attention_mask": attention_mask(lengths, multiple)}

    return batch


def state_inputs(features: Path, index: Index, multiple: int = 1) -> Inputs:
    """Reads batches of hidden states: what the unfrozen layers of an encoder take, or a head that reads all tokens."""
    values = read_values(features)
    starts = np.cumsum(index.lengths) - index.lengths

    def batch(places: np.ndarray) -> dict[str, torch.Tensor]:
        lengths = index.lengths[places]
        states = pad(values, starts[places], lengths, 0, multiple).float()
        return {"inputs_embeds": states, "attention_mask": attention_mask(lengths, multiple)}

    return batch
