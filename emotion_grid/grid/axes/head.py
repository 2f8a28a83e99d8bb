"""The axis `head`: kind and size of the classifier on top of the encoder."""

from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.encoders.shape import Encoder
from emotion_grid.grid.values import whole

HEAD_DEFAULTS = {
    "mlp": {"size": "1x", "layers": 2, "pooling": "first", "dropout": 0.1},
    "attention": {"size": 128, "heads": 1, "dropout": 0.1},
}
"""Values of a head that need not be written; `mlp` with one layer is a linear classifier and has no size."""


def _head(value: dict, encoder: Encoder) -> dict:
    """Fill a head's defaults and turn a size such as `2x` into hidden units."""
    kind = value["type"]
    known = set(HEAD_DEFAULTS[kind]) | {"type"}
    if unknown := sorted(set(value) - known):
        raise InputError(f"head: a head of type {kind} has no {unknown[0]}; expected only {', '.join(sorted(known))}")
    head = {key: whole(item) for key, item in {**HEAD_DEFAULTS[kind], **value}.items()}
    head["dropout"] = float(head["dropout"])
    if kind == "mlp" and head["layers"] == 1:
        if "size" in value:
            raise InputError(
                "head.size: an mlp with layers: 1 is a linear classifier without hidden units; leave size out"
            )
        head["size"] = None
        return head
    size = head["size"]
    head["size"] = int(size[:-1]) * encoder.hidden_size if isinstance(size, str) else size
    if kind == "attention" and head["size"] % head["heads"]:
        raise InputError(f"head.heads: expected a divisor of the size {head['size']}, found {head['heads']}")
    return head


def _head_columns(declared: dict, head: dict) -> dict[str, Any]:
    filled = {**HEAD_DEFAULTS[declared["type"]], **declared}
    return {
        "head_type": head["type"],
        "head_size": None if head["size"] is None else filled["size"],
        "head_layers": head.get("layers"),
        "head_units": head["size"],
        "head_heads": head.get("heads"),
        "head_pooling": head.get("pooling"),
        "head_dropout": head["dropout"],
    }


def _head_part(head: dict) -> str:
    dropout = "" if head["dropout"] == 0.1 else f"-d{head['dropout']}"
    if head["type"] == "attention":
        return f"attention-{head['size']}-h{head['heads']}{dropout}"
    pooling = "" if head["pooling"] == "first" else f"-{head['pooling']}"
    size = "" if head["size"] is None else f"-{head['size']}"
    return f"mlp{size}-l{head['layers']}{pooling}{dropout}"
