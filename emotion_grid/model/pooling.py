"""One vector a text from the hidden states of its tokens."""

import torch


def pool(hidden: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """One vector a text, (texts, hidden_size): the `first` token's or the `mean` over the tokens that are not padding."""
    return hidden[:, 0] if pooling == "first" else masked_mean(hidden, mask)


def masked_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over the tokens that are not padding: (texts, tokens, width) and (texts, tokens) give (texts, width)."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)
