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
        description: what the reference of the config says about it, after its name.
        schema: JSON schema of each option that it takes. Options of one name have one schema, whatever heads take them.
        defaults: the value of each option where a config is silent.
        reads: what it reads of a text: one `vector`, made by its option `pooling`, or the hidden `states` of all tokens.
        resolve: checks and completes the options of a head, from the declared ones, those with defaults filled in, and the encoder.
        part: its piece of a run's name.
    """

    description: str
    schema: dict[str, dict[str, Any]]
    defaults: dict[str, Any]
    reads: Literal["vector", "states"]
    resolve: Callable[[dict[str, Any], dict[str, Any], Encoder], dict[str, Any]]
    part: Callable[[dict[str, Any]], str]


def units(size: int | str, encoder: Encoder) -> int:
    """Hidden units from a number or a multiple of the encoder's hidden size such as `2x`."""
    return int(size[:-1]) * encoder.hidden_size if isinstance(size, str) else size


def _mlp(declared: dict[str, Any], head: dict[str, Any], encoder: Encoder) -> dict[str, Any]:
    if head["layers"] == 1 and "size" in declared:
        raise InputError("head.size: an mlp with layers: 1 is a linear classifier without hidden units; leave size out")
    return {**head, "size": None if head["layers"] == 1 else units(head["size"], encoder)}


def _mlp_part(head: dict[str, Any]) -> str:
    pooling = "" if head["pooling"] == "first" else f"-{head['pooling']}"
    size = "" if head["size"] is None else f"-{head['size']}"
    return f"mlp{size}-l{head['layers']}{pooling}"


def _lstm(declared: dict[str, Any], head: dict[str, Any], encoder: Encoder) -> dict[str, Any]:
    return {**head, "size": units(head["size"], encoder)}


def _attention(declared: dict[str, Any], head: dict[str, Any], encoder: Encoder) -> dict[str, Any]:
    size = units(head["size"], encoder)
    if size % head["heads"]:
        raise InputError(f"head.heads: expected a divisor of the size {size}, found {head['heads']}")
    return {**head, "size": size}


def _lstm_part(head: dict[str, Any]) -> str:
    attention = "-attention" if head["attention"] else ""
    return f"lstm-{head['size']}-l{head['layers']}{attention}"


SIZE = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": 1000000},
        {"title": "a multiple such as 2x", "type": "string", "pattern": "^[1-9][0-9]?x$"},
    ]
}
"""A number of units, or a multiple of the encoder's hidden size."""

LAYERS = {"type": "integer", "minimum": 1, "maximum": 16}

DROPOUT = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}

HEADS = {
    "mlp": Head(
        description=(
            "reads one vector a text (`pooling`: `first` token, `last` token or `mean` over the tokens) through `layers` linear layers with "
            "`size` hidden units; with `layers: 1` it is a linear classifier and takes no `size`"
        ),
        schema={
            "size": SIZE,
            "layers": LAYERS,
            "pooling": {"enum": ["first", "last", "mean"]},
            "dropout": DROPOUT,
        },
        defaults={"size": "1x", "layers": 2, "pooling": "first", "dropout": 0.1},
        reads="vector",
        resolve=_mlp,
        part=_mlp_part,
    ),
    "attention": Head(
        description="projects all tokens to `size`, attends over them with `heads` heads and averages",
        schema={"size": SIZE, "heads": {"type": "integer", "minimum": 1}, "dropout": DROPOUT},
        defaults={"size": 128, "heads": 1, "dropout": 0.1},
        reads="states",
        resolve=_attention,
        part=lambda head: f"attention-{head['size']}-h{head['heads']}",
    ),
    "lstm": Head(
        description=(
            "reads all tokens with `layers` bidirectional LSTMs of `size` units a direction and averages their states; with `attention: true` the "
            "average is weighted by what the head learns to attend to"
        ),
        schema={"size": SIZE, "layers": LAYERS, "attention": {"type": "boolean"}, "dropout": DROPOUT},
        defaults={"size": 128, "layers": 1, "attention": False, "dropout": 0.1},
        reads="states",
        resolve=_lstm,
        part=_lstm_part,
    ),
}


def _filled(declared: dict[str, Any]) -> dict[str, Any]:
    """A declared head with the defaults of its kind."""
    return {**HEADS[declared["type"]].defaults, **declared}


def _resolve(value: dict[str, Any], encoder: Encoder) -> dict[str, Any]:
    kind = HEADS[value["type"]]
    known = {"type", *kind.defaults}
    if unknown := sorted(set(value) - known):
        raise InputError(
            f"head: a head of type {value['type']} has no {unknown[0]}; expected only {', '.join(sorted(known))}"
        )
    head = {key: whole(item) for key, item in _filled(value).items()}
    if "dropout" in head:
        head["dropout"] = float(head["dropout"])
    return kind.resolve(value, head, encoder)


def _columns(declared: dict[str, Any], head: dict[str, Any]) -> dict[str, Any]:
    options = dict.fromkeys(option for kind in HEADS.values() for option in kind.defaults if option != "size")
    return {
        "head_type": head["type"],
        "head_size": None if head.get("size") is None else _filled(declared)["size"],
        "head_layers": head.get("layers"),
        "head_units": head.get("size"),
        "head_heads": head.get("heads"),
        **{f"head_{option}": head.get(option) for option in options},
    }


def _part(head: dict[str, Any]) -> str:
    dropout = "" if head.get("dropout", 0.1) == 0.1 else f"-d{head['dropout']}"
    return HEADS[head["type"]].part(head) + dropout


def _description() -> str:
    """Every kind of head with its options' defaults."""
    kinds = [
        f"`type: {name}` {kind.description} (defaults: `{', '.join(f'{key}: {value}' for key, value in kind.defaults.items())}`)."
        for name, kind in HEADS.items()
    ]
    return " ".join(
        [
            "The classifier.",
            *kinds,
            "`size` is a number of units or a multiple of the encoder's hidden size (`1x`, `2x`).",
        ]
    )


AXIS = Axis(
    name="head",
    title="Head",
    description=_description(),
    schema={
        "type": "object",
        "additionalProperties": False,
        "required": ["type"],
        "properties": {
            "type": {"enum": list(HEADS)},
            **{option: schema for kind in HEADS.values() for option, schema in kind.schema.items()},
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
