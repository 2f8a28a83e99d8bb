"""The head `attention`: self-attention over all tokens."""

import torch
from torch import nn

from emotion_grid.model.pooling import masked_mean


class Head(nn.Module):
    """All tokens projected to `size`, self-attention over them, their mean, one linear layer; padding counts nowhere."""

    def __init__(self, hidden_size: int, labels: int, size: int, heads: int, dropout: float):
        super().__init__()
        self.project = nn.Linear(hidden_size, size)
        self.attention = nn.MultiheadAttention(size, heads, dropout=dropout, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(size, labels)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits (texts, labels) from hidden states (texts, tokens, hidden_size) and mask (texts, tokens)."""
        tokens = self.project(self.dropout(hidden))
        attended, _ = self.attention(tokens, tokens, tokens, key_padding_mask=mask == 0, need_weights=False)
        return self.classify(self.dropout(masked_mean(attended, mask)))
