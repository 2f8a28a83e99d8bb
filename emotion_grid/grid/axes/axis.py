"""What an axis of the grid is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from emotion_grid.encoders.shape import Encoder

NEVER: Any = object()
"""The neutral value of an axis that every spec mentions: no value equals it."""


@dataclass(frozen=True)
class Axis:
    """One axis of the grid: everything that planning, tables and documentation know of it.

    Attributes:
        name: its key in a block of the grid, and in the spec.
        title: what people call it, in tables and model cards.
        description: what the reference of the config says about it.
        schema: JSON schema of one value; lists of values are crossed.
        default: the value where a block is silent.
        resolve: turns a declared value into what the spec holds, for an encoder; raises `InputError` with what was expected.
        columns: the axis's cells in summary.csv, from the declared and the resolved value.
        part: its piece of a run's name, from the resolved value; empty for none.
        words: the resolved value in words, for model cards.
        place: where the spec holds the value: at its top (`run`), under `encoder`, or under `data`, of which training's program
            knows nothing but the rows.
        neutral: a resolved value at which the axis changes nothing. Specs and names do not mention it, so that adding an axis
            renames no run.
        modules: the modules of emotion_grid that a run needs for this value beyond those of every run; they enter its program digest.
        levels: the declared values where a block is silent, from the config; None: `default` alone.
        forms: the values by which `exclude` may name a point, from the declared and the resolved value.
        conflict: what is wrong with a point's resolved values, given the config, as the message of an `InputError`; None if nothing is.
        derived: columns that follow from others and are no axes of their own when runs are compared.
        repeats: whether its values are repetitions of one setting, over which scores are averaged.
        of_runs: whether only runs have its values; other rows of the comparison stand once, for its default.
    """

    name: str
    title: str
    description: str
    schema: dict[str, Any]
    default: Any
    resolve: Callable[[Any, Encoder], Any]
    columns: Callable[[Any, Any], dict[str, Any]]
    part: Callable[[Any], str]
    words: Callable[[Any], str] = str
    place: Literal["run", "encoder", "data"] = "run"
    neutral: Any = NEVER
    modules: Callable[[Any], tuple[str, ...]] = lambda value: ()
    levels: Callable[[dict[str, Any]], list[Any] | None] = lambda config: None
    forms: Callable[[Any, Any], list[Any]] = lambda declared, value: [declared, value]
    conflict: Callable[[dict[str, Any], dict[str, Any]], str | None] = lambda values, config: None
    derived: tuple[str, ...] = field(default=())
    repeats: bool = False
    of_runs: bool = False
