"""The axis `freeze`: how many of the encoder's lowest layers stay fixed."""

from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.encoders.shape import Encoder
from emotion_grid.grid.axes.axis import Axis
from emotion_grid.grid.values import whole


def _freeze(value: Any, encoder: Encoder) -> Any:
    """Layers to fix: `half` of them, `all`, or a number; a number that reaches the top is `all`."""
    value = whole(value)
    if not encoder.layers and value not in (0, "all"):
        raise InputError(
            f"freeze: expected 0 or all for {encoder.name}, which has no layers (all fixes its word vectors, 0 trains them); found {value}"
        )
    if value == "half":
        return encoder.layers // 2
    if value == "all" or 0 < value == encoder.layers:
        return "all"
    if value > encoder.layers:
        raise InputError(
            f"freeze: expected at most {encoder.layers}, the layers of {encoder.name}, or all; found {value}"
        )
    return value


AXIS = Axis(
    name="freeze",
    title="Frozen layers",
    description=(
        "How many of the lowest layers stay fixed, the embeddings with them: 0 (nothing), a number, `half`, or `all` (the whole encoder). "
        "Word vectors have no layers: 0 or `all`."
    ),
    schema={"anyOf": [{"type": "integer", "minimum": 0}, {"enum": ["half", "all"]}]},
    default=0,
    resolve=_freeze,
    columns=lambda declared, value: {"freeze": declared},
    part=lambda value: f"freeze-{value}",
)
