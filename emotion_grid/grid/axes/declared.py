"""The axes of the grid, each declared once: schema, documentation, name and columns all come from here.

To add an axis, add an entry to `AXES` and let the program that it concerns read its value from the spec.
"""

from emotion_grid.grid.axes.axis import Axis
from emotion_grid.grid.axes.freeze import _freeze
from emotion_grid.grid.axes.head import _head, _head_columns, _head_part
from emotion_grid.grid.axes.lora import _lora, _lora_cell, _lora_part
from emotion_grid.grid.values import whole

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
