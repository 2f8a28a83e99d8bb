"""Building the head that a spec describes."""

from torch import nn

from emotion_grid.model.heads.attention import AttentionHead
from emotion_grid.model.heads.mlp import MLPHead


def build_head(head: dict, hidden_size: int, labels: int) -> nn.Module:
    """The head that a spec's `head` describes."""
    kinds = {"mlp": MLPHead, "attention": AttentionHead}
    return kinds[head["type"]](hidden_size, labels, **{key: value for key, value in head.items() if key != "type"})
