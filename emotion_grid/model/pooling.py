"""One vector a text from the hidden states of its tokens."""

import torch


def pool(hidden: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """One vector a text, (texts, hidden_size): of the tokens that are not padding, the `first`, the `last`, or the `mean` over them."""
    if pooling == "mean":
        return masked_mean(hidden, mask)
    tokens = mask.bool().long()
    places = tokens.argmax(1) if pooling == "first" else tokens.shape[1] - 1 - tokens.flip(1).argmax(1)
    texts = torch.arange(hidden.shape[0], device=hidden.device)  # not len(): a traced graph would keep it as a constant
    return hidden[texts, places]


def masked_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over the tokens that are not padding: (texts, tokens, width) and (texts, tokens) give (texts, width)."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)
