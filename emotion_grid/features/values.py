"""Files of hidden states, read memory-mapped and written row after row."""

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError, safe_open

from emotion_grid.base.messages import InputError
from emotion_grid.features.index import FILES, VALUES


def read_values(features: Path) -> torch.Tensor:
    """The features, memory-mapped: (texts, width) where a head reads one vector a text, else (tokens, width)."""
    path = features / FILES / VALUES
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
