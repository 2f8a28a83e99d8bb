"""The axis `fold`: which part of the training rows cross-validation holds out."""

from typing import Any

from emotion_grid.grid.axes.axis import Axis
from emotion_grid.grid.values import whole


def _levels(config: dict[str, Any]) -> list[Any] | None:
    return list(range(1, config["data"]["folds"] + 1)) if "folds" in config["data"] else None


def _conflict(values: dict[str, Any], config: dict[str, Any]) -> str | None:
    if values["fold"] is None or values["fold"] <= config["data"].get("folds", 0):
        return None
    return f"expected at most data.folds ({config['data'].get('folds', 'not set')}), found {values['fold']}"


AXIS = Axis(
    name="fold",
    title="Fold",
    description="Which fold is held out, from 1; only with `data.folds`, and then all of them unless the block says otherwise.",
    schema={"type": "integer", "minimum": 1},
    default=None,
    resolve=lambda value, encoder: whole(value),
    columns=lambda declared, value: {"fold": value},
    part=lambda value: "" if value is None else f"fold-{value}",
    words=lambda value: "none" if value is None else str(value),
    place="data",
    levels=_levels,
    conflict=_conflict,
    repeats=True,
)
