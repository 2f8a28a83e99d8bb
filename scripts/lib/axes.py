"""The axes of the grid, each declared once: schema, documentation, name and columns all come from here.

To add an axis, add an entry to `AXES` and let the program that it concerns read its value from the spec.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.lib.files import InputError

HEAD_DEFAULTS = {
    "mlp": {"size": "1x", "layers": 2, "pooling": "first", "dropout": 0.1},
    "attention": {"size": 128, "heads": 1, "dropout": 0.1},
}
"""Values of a head that need not be written; `mlp` with one layer is a linear classifier and has no size."""


@dataclass(frozen=True)
class Encoder:
    """What planning must know of an encoder: its name in the config and its shape."""

    name: str
    layers: int
    hidden_size: int


@dataclass(frozen=True)
class Axis:
    """One axis of the grid.

    `schema` describes one value (lists of it are crossed), `default` stands where a block is silent. `resolve` turns a
    declared value into what the spec holds, or raises `InputError` with what was expected; `columns` gives the axis's
    cells in summary.csv from the declared and the resolved value; `part` its piece of a run's name.
    """

    name: str
    description: str
    schema: dict
    default: Any
    resolve: Callable[[Any, Encoder], Any]
    columns: Callable[[Any, Any], dict[str, Any]]
    part: Callable[[Any], str]


def whole(value: Any) -> Any:
    """A whole number as an int, however it was written (YAML's 3.0 is 3), so that equal values give equal specs."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


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


def _freeze(value: int | str, encoder: Encoder) -> int | str:
    """Layers to fix: `half` of them, `all`, or a number; a number that reaches the top is `all`."""
    value = whole(value)
    if value == "half":
        return encoder.layers // 2
    if value == "all" or value == encoder.layers:
        return "all"
    if value > encoder.layers:
        raise InputError(
            f"freeze: expected at most {encoder.layers}, the layers of {encoder.name}, or all; found {value}"
        )
    return value


def _lora(value: str | dict, encoder: Encoder) -> dict | None:
    if value == "none":
        return None
    rank = whole(value["rank"])
    return {"rank": rank, "alpha": whole(value.get("alpha", rank)), "dropout": float(value.get("dropout", 0))}


def _lora_cell(lora: dict | None) -> str:
    if lora is None:
        return "none"
    dropout = f", dropout={lora['dropout']:g}" if lora["dropout"] else ""
    return f"r={lora['rank']}, alpha={lora['alpha']:g}{dropout}"


def _lora_part(lora: dict | None) -> str:
    if lora is None:
        return "full"
    dropout = f"-d{lora['dropout']}" if lora["dropout"] else ""
    return f"lora{lora['rank']}-a{lora['alpha']:g}{dropout}"


AXES: tuple[Axis, ...] = (
    Axis(
        name="encoder",
        description="Name of an entry under `encoders`.",
        schema={"type": "string"},
        default=None,
        resolve=lambda value, encoder: value,
        columns=lambda declared, value: {"encoder": value},
        part=str,
    ),
    Axis(
        name="head",
        description=(
            "The classifier. `type: mlp` reads one vector a text (`pooling`: `first` token or `mean` over the tokens) through `layers` linear "
            "layers with `size` hidden units; `type: attention` projects all tokens to `size`, attends over them with `heads` heads and averages. "
            "`size` is a number of units or a multiple of the encoder's hidden size (`1x`, `2x`); `dropout` holds for both. "
            "Defaults: for an mlp `size: 1x`, `layers: 2`, `pooling: first`, `dropout: 0.1`; for attention `size: 128`, `heads: 1`, `dropout: 0.1`. "
            "An mlp with `layers: 1` is a linear classifier and takes no `size`."
        ),
        schema={
            "type": "object",
            "additionalProperties": False,
            "required": ["type"],
            "properties": {
                "type": {"enum": ["mlp", "attention"]},
                "size": {
                    "anyOf": [
                        {"type": "integer", "minimum": 1},
                        {"title": "a multiple such as 2x", "type": "string", "pattern": "^[1-9][0-9]?x$"},
                    ]
                },
                "layers": {"type": "integer", "minimum": 1, "maximum": 16},
                "heads": {"type": "integer", "minimum": 1},
                "pooling": {"enum": ["first", "mean"]},
                "dropout": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
            },
        },
        default={"type": "mlp"},
        resolve=_head,
        columns=_head_columns,
        part=_head_part,
    ),
    Axis(
        name="freeze",
        description="How many of the lowest layers stay fixed, the embeddings with them: 0 (nothing), a number, `half`, or `all` (the whole encoder).",
        schema={"anyOf": [{"type": "integer", "minimum": 0}, {"enum": ["half", "all"]}]},
        default=0,
        resolve=_freeze,
        columns=lambda declared, value: {"freeze": declared},
        part=lambda value: f"freeze-{value}",
    ),
    Axis(
        name="lora",
        description=(
            "`none`, or adapters on the query and value projections of the layers that are not frozen: `rank`, `alpha` (default: the rank), "
            "`dropout` (default 0). The encoder's own weights then stay fixed."
        ),
        schema={
            "anyOf": [
                {"const": "none"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["rank"],
                    "properties": {
                        "rank": {"type": "integer", "minimum": 1},
                        "alpha": {"type": "number", "exclusiveMinimum": 0},
                        "dropout": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
                    },
                },
            ]
        },
        default="none",
        resolve=_lora,
        columns=lambda declared, value: {"lora": _lora_cell(value)},
        part=_lora_part,
    ),
    Axis(
        name="fold",
        description="Which fold is held out, from 1; only with `data.folds`, and then all of them unless the block says otherwise.",
        schema={"type": "integer", "minimum": 1},
        default=None,
        resolve=lambda value, encoder: whole(value),
        columns=lambda declared, value: {"fold": value},
        part=lambda value: "" if value is None else f"fold-{value}",
    ),
    Axis(
        name="seed",
        description="Seed of the run: head's initial weights, order of the rows, dropout.",
        schema={"type": "integer", "minimum": 0, "maximum": 4294967295},
        default=1,
        resolve=lambda value, encoder: whole(value),
        columns=lambda declared, value: {"seed": value},
        part=lambda value: f"seed-{value}",
    ),
)
