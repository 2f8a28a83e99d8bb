"""The axis `train_share`: the share of the training rows that a run learns from."""

from typing import Any

from emotion_grid.grid.axes.axis import Axis
from emotion_grid.grid.values import whole


def _conflict(values: dict[str, Any], config: dict[str, Any]) -> str | None:
    if values["train_share"] == 1 or "united" not in config:
        return None
    return f"expected 1 on a data set that unites others, found {values['train_share']:g}; name the other sets under data in this block"


AXIS = Axis(
    name="train_share",
    title="Share of the training rows",
    description=(
        "Share of the training rows to learn from. The rows of a smaller share are among those of a larger one; validation, the held-out fold, "
        "dev and test stay the same ([data.md](data.md#shares-of-the-training-rows))."
    ),
    schema={"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    default=1,
    resolve=lambda value, encoder: float(value),
    columns=lambda declared, value: {"train_share": whole(value)},
    part=lambda value: f"share-{value:g}",
    words=lambda value: f"{100 * value:g}%",
    place="data",
    neutral=1.0,
    conflict=_conflict,
)
