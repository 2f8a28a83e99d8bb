"""Classification heads, and what they read of an encoder's hidden states. Imports torch alone: training a head needs no more."""

import itertools

import torch
from torch import nn


class MLPHead(nn.Module):
    """One vector a text through `layers` linear layers with GELU and dropout between them; one layer is a linear classifier."""

    def __init__(self, hidden_size: int, labels: int, size: int | None, layers: int, pooling: str, dropout: float):
        super().__init__()
        self.pooling = pooling
        widths = [hidden_size, *[size] * (layers - 1)]
        blocks: list[nn.Module] = [nn.Dropout(dropout)]
        for before, after in itertools.pairwise(widths):
            blocks += [nn.Linear(before, after), nn.GELU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*blocks, nn.Linear(widths[-1], labels))

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits (texts, labels) from hidden states (texts, tokens, hidden_size) and mask (texts, tokens)."""
        return self.layers(pool(hidden, mask, self.pooling))


class AttentionHead(nn.Module):
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


def pool(hidden: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """One vector a text, (texts, hidden_size): the `first` token's or the `mean` over the tokens that are not padding."""
    return hidden[:, 0] if pooling == "first" else masked_mean(hidden, mask)


def masked_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over the tokens that are not padding: (texts, tokens, width) and (texts, tokens) give (texts, width)."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def build_head(head: dict, hidden_size: int, labels: int) -> nn.Module:
    """The head that a spec's `head` describes."""
    kinds = {"mlp": MLPHead, "attention": AttentionHead}
    return kinds[head["type"]](hidden_size, labels, **{key: value for key, value in head.items() if key != "type"})
