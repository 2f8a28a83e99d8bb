"""What an axis of the grid is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emotion_grid.encoders.shape import Encoder


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
