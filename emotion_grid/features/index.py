"""Where each text's tokens and hidden states lie in the cache.

Tokens and features are kept by text, whatever split or fold the text belongs to: `tokens/<key>` and `features/<key>`, each made once.
Texts are sorted by length, longest first. Features are read memory-mapped: they stay on disk.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from emotion_grid.base.messages import InputError
from emotion_grid.data.rows import Rows

TOKENS_RECORD, FEATURES_RECORD, FILES = "tokens.json", "features.json", "files"
"""Files and folder of the cache, as in base/layout.py, which is imported by no module that the digests of runs cover."""

INDEX, DATASET, TOKENIZER, VALUES = "index.safetensors", "tokens", "tokenizer", "values.safetensors"
"""What stands in the folder `files`."""


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
        found = load_file(tokens / FILES / INDEX)
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


Batch = tuple[np.ndarray, torch.Tensor | None, torch.Tensor | None]
"""Places of texts, (rows,), their gold labels, (rows, labels), and their weights, (rows,)."""


class Split(torch.utils.data.Dataset):
    """A split's texts by their places in the cache, longest first, so that batches taken in order hardly pad.

    Attributes:
        places, lengths: int, (rows,).
        order: which row of the table stands where, int, (rows,).
        gold: 0, 1 or NaN (unknown), float32, (rows, labels); None if no label is known.
        labels: how many there are.
        weights: of each row's loss, float32, (rows,); None where all have the same.
        cut: how many of the texts were cut.

    Args:
        weights: in the order of the table.
    """

    def __init__(self, rows: Rows, index: Index, weights: np.ndarray | None = None):
        places = index.find(rows.texts)
        self.order = np.argsort(-index.lengths[places], kind="stable")
        self.places = places[self.order]
        self.lengths = index.lengths[self.places]
        self.cut = int(index.cut[places].sum())
        self.labels = len(rows.labels)
        self.gold = torch.tensor(rows.gold[self.order], dtype=torch.float32) if rows.has_gold else None
        self.weights = None if weights is None else torch.tensor(weights[self.order], dtype=torch.float32)

    def __len__(self) -> int:
        return len(self.places)

    def __getitems__(self, rows: list[int] | np.ndarray) -> Batch:
        """A batch; rows count in this order."""
        gold, weights = (None if values is None else values[rows] for values in (self.gold, self.weights))
        return self.places[rows], gold, weights

    @property
    def no_predictions(self) -> np.ndarray:
        """Probabilities (0, labels) of a split without rows."""
        return np.zeros((0, self.labels))

    def in_table_order(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities (rows, labels) in the order of the table, from logits in this one's."""
        probabilities = np.empty(logits.shape)
        probabilities[self.order] = 1 / (1 + np.exp(-logits.astype(np.float64)))
        return probabilities
