"""The axis `added`: rows of another data set that a run trains on, beside the study's own rows or before them."""

from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.encoders.shape import Encoder
from emotion_grid.grid.axes.axis import Axis
from emotion_grid.grid.values import whole

MIXED, FIRST = "mixed", "first"

OPTIONS: dict[str, dict[str, Any]] = {MIXED: {"weight": 1}, FIRST: {"epochs": 1, "learning_rate": None}}
"""What each stage can be told besides, with the defaults."""


def _added(value: Any, encoder: Encoder) -> dict[str, Any] | None:
    """The added rows as a spec holds them; None if there are none, be it that their share is 0."""
    if value == "none":
        return None
    stage = value.get("stage", MIXED)
    for other in OPTIONS:
        if found := next((key for key in OPTIONS[other] if key in value and other != stage), None):
            raise InputError(
                f"added.{found}: expected only with stage: {other}, found it with stage: {stage}; remove it"
            )
    share, own = float(value.get("share", 1)), {key: value.get(key, usual) for key, usual in OPTIONS[stage].items()}
    typed = {key: whole(item) if key == "epochs" or item is None else float(item) for key, item in own.items()}
    return {"name": value["name"], "share": share, "stage": stage, **typed} if share else None


def _stage(added: dict[str, Any]) -> str:
    """When the added rows are trained on, with what is not as usual."""
    own = [
        f"{key.replace('_', ' ')} {added[key]:g}"
        for key, usual in OPTIONS[added["stage"]].items()
        if added[key] != usual
    ]
    return ", ".join([added["stage"], *own])


def _columns(declared: Any, value: dict[str, Any] | None) -> dict[str, Any]:
    if value is None:
        return {"added": "none", "added_share": 0, "added_stage": None}
    return {"added": value["name"], "added_share": whole(value["share"]), "added_stage": _stage(value)}


def _part(added: dict[str, Any]) -> str:
    shorts = {"weight": "w", "epochs": "ep", "learning_rate": "lr"}
    own = [f"{shorts[key]}{added[key]:g}" for key, usual in OPTIONS[added["stage"]].items() if added[key] != usual]
    return "-".join([added["name"], f"{added['share']:g}", added["stage"], *own])


def _conflict(values: dict[str, Any], config: dict[str, Any]) -> str | None:
    if values["added"] is None:
        return None
    if "united" in config:
        return "expected none on a data set that unites others; name the other sets under data in this block"
    names = list(config["data"]["added"])
    if values["added"]["name"] in names:
        return None
    return f"expected none or a name under data.added ({', '.join(names) or 'it has none'}), found {values['added']['name']}"


AXIS = Axis(
    name="added",
    title="Added rows",
    description=(
        "`none`, or rows of a data set under `data.added` to train on besides ([data.md](data.md#added-rows)): its `name`; a `share` of its "
        "rows (default 1); `stage`: `mixed` (the default: beside the training rows, their loss times `weight`, default 1) or `first` (before "
        "them, for `epochs`, default 1, with `learning_rate`, default that of the run)."
    ),
    schema={
        "anyOf": [
            {"const": "none"},
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "share": {"type": "number", "minimum": 0, "maximum": 1},
                    "stage": {"enum": [MIXED, FIRST]},
                    "weight": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000},
                    "epochs": {"type": "integer", "minimum": 1, "maximum": 1000},
                    "learning_rate": {"$ref": "#/$defs/rate"},
                },
            },
        ]
    },
    default="none",
    resolve=_added,
    columns=_columns,
    part=_part,
    words=lambda value: "none" if value is None else f"{value['name']}, {100 * value['share']:g}%, {_stage(value)}",
    place="data",
    neutral=None,
    modules=lambda value: () if value is None else ("emotion_grid.training.added",),
    conflict=_conflict,
    of_runs=True,
)
