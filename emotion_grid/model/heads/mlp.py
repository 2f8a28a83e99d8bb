"""The head `mlp`: one vector a text through linear layers."""

import itertools

import torch
from torch import nn

from emotion_grid.model.pooling import pool


class Head(nn.Module):
    """One vector a text through `layers` linear layers with GELU and dropout between them; one layer is a linear classifier."""

    def __init__(self, hidden_size: int, labels: int, size: int | None, layers: int, pooling: str, dropout: float):
        super().__init__()
        self.pooling = pooling
        widths = [hidden_size, *([size] * (layers - 1) if size else [])]
        blocks: list[nn.Module] = [nn.Dropout(dropout)]
        for before, after in itertools.pairwise(widths):
            blocks += [nn.Linear(before, after), nn.GELU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*blocks, nn.Linear(widths[-1], labels))

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits (texts, labels) from hidden states (texts, tokens, hidden_size) and mask (texts, tokens)."""
        return self.from_vectors(pool(hidden, mask, self.pooling))

    def from_vectors(self, vectors: torch.Tensor) -> torch.Tensor:
        """Logits (texts, labels) from pooled hidden states (texts, hidden_size)."""
        return self.layers(vectors)
