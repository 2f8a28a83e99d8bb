"""What a run reads in the place of texts: their tokens or, where its encoder is frozen, what the frozen part makes of them.

Both lie in the cache by text, whatever split or fold a text stands in: `tokens/<key>` and `features/<key>`, each made once. Texts stand in
order of their length, longest first. Features are read memory-mapped: they stay on disk.
"""

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from scripts.lib.files import InputError, read_json
from scripts.lib.rows import Rows

INDEX, DATASET, TOKENIZER, VALUES = "index.safetensors", "tokens", "tokenizer", "values.safetensors"

Inputs = Callable[[np.ndarray], dict[str, torch.Tensor]]
"""From places of texts, (texts,), to what a model takes of them."""


def text_digest(text: str) -> bytes:
    """What a text is found by: 16 bytes."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


class Index:
    """Where each text stands in a folder of tokens, and in the features made from it.

    Attributes:
        lengths: tokens of each text, int, (texts,).
        cut: whether the text had more, bool, (texts,).
    """

    def __init__(self, tokens: Path):
        found = load_file(tokens / "files" / INDEX)
        self.lengths, self.cut = found["lengths"].numpy(), found["cut"].numpy()
        self._places = {row.tobytes(): place for place, row in enumerate(found["digests"].numpy())}
        self._folder = tokens

    def find(self, texts: Iterable[str]) -> np.ndarray:
        """Places of texts, int, (texts,).

        Raises:
            InputError: a text whose tokens are not there.
        """
        places = [self._places.get(text_digest(text), -1) for text in texts]
        if -1 in places:
            raise InputError(
                f"{self._folder}: expected the tokens of every text of the study, found none of row {places.index(-1) + 1}; "
                "delete this folder, and the next start makes it again"
            )
        return np.array(places, dtype=np.int64)


class Split(torch.utils.data.Dataset):
    """A split's texts by their places in the cache, longest first, so that batches taken in order hardly pad.

    Attributes:
        places, lengths: int, (rows,).
        order: which row of the table stands where, int, (rows,).
        gold: float32, (rows, labels), or None.
        labels: how many there are.
        cut: how many of the texts were cut.
    """

    def __init__(self, rows: Rows, index: Index):
        places = index.find(rows.texts)
        self.order = np.argsort(-index.lengths[places], kind="stable")
        self.places = places[self.order]
        self.lengths = index.lengths[self.places]
        self.cut = int(index.cut[places].sum())
        self.labels = len(rows.labels)
        self.gold = torch.tensor(rows.gold[self.order], dtype=torch.float32) if rows.has_gold else None

    def __len__(self) -> int:
        return len(self.places)

    def __getitems__(self, rows: list[int]) -> tuple[np.ndarray, torch.Tensor | None]:
        """Places and gold of a batch; rows count in this order."""
        return self.places[rows], None if self.gold is None else self.gold[rows]

    @property
    def no_predictions(self) -> np.ndarray:
        """Probabilities (0, labels) of a split without rows."""
        return np.zeros((0, self.labels))

    def in_table_order(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities (rows, labels) in the order of the table, from logits in this one's."""
        probabilities = np.empty(logits.shape)
        probabilities[self.order] = 1 / (1 + np.exp(-logits.astype(np.float64)))
        return probabilities


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


def batches(lengths: np.ndarray, tokens: int = 8192) -> list[np.ndarray]:
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

    fills = read_json(tokens / "tokens.json")["fill"]
    table = load_from_disk(str(tokens / "files" / DATASET)).data
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


def read_values(features: Path) -> torch.Tensor:
    """The features, memory-mapped: (texts, width) where a head reads one vector a text, else (tokens, width)."""
    path = features / "files" / VALUES
    try:
        with safe_open(path, framework="pt") as file:
            return file.get_tensor("values")
    except (OSError, SafetensorError) as error:
        raise InputError(
            f"{path}: expected features, found: {error}; delete {features}, and the next start makes it again"
        ) from error


@contextmanager
def open_values(path: Path, shape: tuple[int, ...], dtype: torch.dtype) -> Iterator[BinaryIO]:
    """A safetensors file whose one tensor, `values`, is written row after row: its own writer wants all of it in memory."""
    names = {torch.float32: "F32", torch.float16: "F16"}
    entry: dict[str, Any] = {"dtype": names[dtype], "shape": shape}
    header = json.dumps({"values": {**entry, "data_offsets": [0, math.prod(shape) * dtype.itemsize]}}).encode()
    header += b" " * (-len(header) % 8)
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        yield file
        file.flush()
        os.fsync(file.fileno())  # a lost node must not leave it short beside a record that says it is whole
