"""The axis `lora`: low-rank adapters (Hu et al. 2021) in place of training the encoder's own weights."""

from typing import Any

from emotion_grid.encoders.shape import Encoder
from emotion_grid.grid.axes.axis import Axis
from emotion_grid.grid.values import whole

USUAL = {"targets": "query-value", "rslora": False, "dora": False}
"""Options that a spec does not mention where they have these values, so that they rename no run that was there before them."""


def _lora(value: Any, encoder: Encoder) -> dict[str, Any] | None:
    if value == "none":
        return None
    rank = whole(value["rank"])
    lora = {"rank": rank, "alpha": whole(value.get("alpha", rank)), "dropout": float(value.get("dropout", 0))}
    return lora | {key: value[key] for key, usual in USUAL.items() if value.get(key, usual) != usual}


def _extras(lora: dict[str, Any]) -> list[str]:
    """What is not as usual, in words."""
    targets = [lora["targets"]] if "targets" in lora else []
    return targets + [key for key in ("rslora", "dora") if key in lora]


def _lora_cell(lora: dict[str, Any] | None) -> str:
    if lora is None:
        return "none"
    dropout = f", dropout={lora['dropout']:g}" if lora["dropout"] else ""
    return ", ".join([f"r={lora['rank']}, alpha={lora['alpha']:g}{dropout}", *_extras(lora)])


def _lora_part(lora: dict[str, Any] | None) -> str:
    if lora is None:
        return "full"
    dropout = f"-d{lora['dropout']}" if lora["dropout"] else ""
    return "-".join([f"lora{lora['rank']}-a{lora['alpha']:g}{dropout}", *_extras(lora)])


def _conflict(values: dict[str, Any], config: dict[str, Any]) -> str | None:
    if values["freeze"] != "all" or values["lora"] is None:
        return None
    rank = values["lora"]["rank"]
    return (
        f"expected none where freeze: all fixes the whole encoder (no layer is left to adapt); found rank {rank}. Lower freeze, or leave "
        f"the combination out: exclude: [{{freeze: all, lora: {{rank: {rank}}}}}]"
    )


AXIS = Axis(
    name="lora",
    title="LoRA",
    description=(
        "`none`, or adapters in the layers that are not frozen: `rank`, `alpha` (default: the rank), `dropout` (default 0), `targets`: "
        "`query-value` (the default: query and value projections, or those that hold both), `all-linear`, or names of linear layers joined by "
        "`+` (`q_proj+v_proj`). `rslora: true` scales by the root of the rank, `dora: true` adapts direction and length apart. The encoder's "
        "own weights then stay fixed."
    ),
    schema={
        "anyOf": [
            {"const": "none"},
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["rank"],
                "properties": {
                    "rank": {"type": "integer", "minimum": 1, "maximum": 100000},
                    "alpha": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000000},
                    "dropout": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
                    "targets": {
                        "title": "query-value, all-linear, or names of linear layers joined by +",
                        "type": "string",
                        "pattern": "^[A-Za-z0-9_.-]{1,40}(\\+[A-Za-z0-9_.-]{1,40})*(?!\\n)$",
                    },
                    "rslora": {"type": "boolean"},
                    "dora": {"type": "boolean"},
                },
            },
        ]
    },
    default="none",
    resolve=_lora,
    columns=lambda declared, value: {"lora": _lora_cell(value)},
    part=_lora_part,
    words=lambda value: "none" if value is None else ", ".join(f"{key} {item}" for key, item in value.items()),
    modules=lambda value: () if value is None else ("emotion_grid.model.lora",),
    conflict=_conflict,
)
