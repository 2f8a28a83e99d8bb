"""The axis `head`: kind and size of the classifier on top of the encoder."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from emotion_grid.base.messages import InputError
from emotion_grid.encoders.shape import Encoder
from emotion_grid.grid.axes.axis import Axis
from emotion_grid.grid.values import whole


@dataclass(frozen=True)
class Head:
    """One kind of head. Its network is the class `Head` in the module of its name in emotion_grid/model/heads/.

    Attributes:
        defaults: the options that it takes, with the values that need not be written.
        reads: what it reads of a text: one `vector`, made by its option `pooling`, or the hidden `states` of all tokens.
        resolve: checks and completes the options of a head, from the declared ones, those with defaults filled in, and the encoder.
        part: its piece of a run's name.
    """

    defaults: dict[str, Any]
    reads: Literal["vector", "states"]
    resolve: Callable[[dict, dict, Encoder], dict]
    part: Callable[[dict], str]


def units(size: int | str, encoder: Encoder) -> int:
    """Hidden units from a number or a multiple of the encoder's hidden size such as `2x`."""
    return int(size[:-1]) * encoder.hidden_size if isinstance(size, str) else size


def _mlp(declared: dict, head: dict, encoder: Encoder) -> dict:
    if head["layers"] == 1 and "size" in declared:
        raise InputError("head.size: an mlp with layers: 1 is a linear classifier without hidden units; leave size out")
    return {**head, "size": None if head["layers"] == 1 else units(head["size"], encoder)}


def _mlp_part(head: dict) -> str:
    pooling = "" if head["pooling"] == "first" else f"-{head['pooling']}"
    size = "" if head["size"] is None else f"-{head['size']}"
    return f"mlp{size}-l{head['layers']}{pooling}"


def _attention(declared: dict, head: dict, encoder: Encoder) -> dict:
    size = units(head["size"], encoder)
    if size % head["heads"]:
        raise InputError(f"head.heads: expected a divisor of the size {size}, found {head['heads']}")
    return {**head, "size": size}


HEADS = {
    "mlp": Head(
        defaults={"size": "1x", "layers": 2, "pooling": "first", "dropout": 0.1},
        reads="vector",
        resolve=_mlp,
        part=_mlp_part,
    ),
    "attention": Head(
        defaults={"size": 128, "heads": 1, "dropout": 0.1},
        reads="states",
        resolve=_attention,
        part=lambda head: f"attention-{head['size']}-h{head['heads']}",
    ),
}


def _filled(declared: dict) -> dict:
    """A declared head with the defaults of its kind."""
    return {**HEADS[declared["type"]].defaults, **declared}


def _resolve(value: dict, encoder: Encoder) -> dict:
    kind = HEADS[value["type"]]
    known = {"type", *kind.defaults}
    if unknown := sorted(set(value) - known):
        raise InputError(
            f"head: a head of type {value['type']} has no {unknown[0]}; expected only {', '.join(sorted(known))}"
        )
    head = {key: whole(item) for key, item in _filled(value).items()}
    head["dropout"] = float(head["dropout"])
    return kind.resolve(value, head, encoder)


def _columns(declared: dict, head: dict) -> dict[str, Any]:
    options = dict.fromkeys(option for kind in HEADS.values() for option in kind.defaults if option != "size")
    return {
        "head_type": head["type"],
        "head_size": None if head["size"] is None else _filled(declared)["size"],
        "head_layers": head.get("layers"),
        "head_units": head["size"],
        "head_heads": head.get("heads"),
        **{f"head_{option}": head.get(option) for option in options},
    }


def _part(head: dict) -> str:
    dropout = "" if head["dropout"] == 0.1 else f"-d{head['dropout']}"
    return HEADS[head["type"]].part(head) + dropout


AXIS = Axis(
    name="head",
    title="Head",
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
            "type": {"enum": list(HEADS)},
            "size": {
                "anyOf": [
                    {"type": "integer", "minimum": 1, "maximum": 1000000},
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
    resolve=_resolve,
    columns=_columns,
    part=_part,
    words=lambda head: ", ".join(f"{key} {value}" for key, value in head.items() if value is not None),
    modules=lambda head: (f"emotion_grid.model.heads.{head['type']}",),
    forms=lambda declared, head: [_filled(declared), head],
    derived=("head_units",),
)
