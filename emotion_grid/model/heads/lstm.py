"""The head `lstm`: a bidirectional LSTM over all tokens."""

import torch
from torch import nn

from emotion_grid.model.pooling import masked_mean


class Head(nn.Module):
    """`layers` bidirectional LSTMs of `size` units a direction, the mean of their states or attention over them, one linear layer.

    (Hochreiter & Schmidhuber 1997; Schuster & Paliwal 1997.) Each direction is an LSTM of its own, and the one from right to left reads
    every text turned round: so it begins with the text's last token, wherever padding ends. Padding counts nowhere.
    """

    def __init__(self, hidden_size: int, labels: int, size: int, layers: int, attention: bool, dropout: float):
        super().__init__()
        widths = [hidden_size, *[2 * size] * (layers - 1)]
        self.forth = nn.ModuleList(nn.LSTM(width, size, batch_first=True) for width in widths)
        self.back = nn.ModuleList(nn.LSTM(width, size, batch_first=True) for width in widths)
        self.attention = Attention(2 * size) if attention else None
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(2 * size, labels)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits (texts, labels) from hidden states (texts, tokens, hidden_size) and mask (texts, tokens); padding is on the right."""
        turned = _turned(mask).unsqueeze(-1)
        states = hidden
        for forth, back in zip(self.forth, self.back, strict=True):
            states = self.dropout(states)
            from_left, _ = forth(states)
            from_right, _ = back(states.take_along_dim(turned, dim=1))
            states = torch.cat([from_left, from_right.take_along_dim(turned, dim=1)], dim=-1)
        vectors = masked_mean(states, mask) if self.attention is None else self.attention(states, mask)
        return self.classify(self.dropout(vectors))


class Attention(nn.Module):
    """A weighted mean of states, the weights from a learned vector that says what is worth reading (Yang et al. 2016, section 2.2)."""

    def __init__(self, width: int):
        super().__init__()
        self.project = nn.Linear(width, width)
        self.score = nn.Linear(width, 1, bias=False)

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """One vector a text, (texts, width), from states (texts, tokens, width) and mask (texts, tokens)."""
        scores = self.score(torch.tanh(self.project(states))).masked_fill(mask.unsqueeze(-1) == 0, float("-inf"))
        return (torch.softmax(scores, dim=1) * states).sum(1)


def _turned(mask: torch.Tensor) -> torch.Tensor:
    """Where each place of a text lies when its tokens are turned round, (texts, tokens); padding stays where it is."""
    places = torch.arange(mask.shape[1], device=mask.device)
    lengths = mask.bool().sum(1, keepdim=True)
    return torch.where(places < lengths, lengths - 1 - places, places)
