"""Expanding the grid: blocks of lists become points. Imports neither torch nor transformers, since Snakemake reads it at every start."""

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import canonical
from emotion_grid.base.messages import InputError
from emotion_grid.encoders.abilities import Abilities, abilities
from emotion_grid.encoders.sources import Source, source
from emotion_grid.grid.axes.axis import Axis
from emotion_grid.grid.axes.declared import AXES
from emotion_grid.grid.unfit import expect_fit, is_slow
from emotion_grid.grid.unmatched import explain_unmatched
from emotion_grid.grid.values import typed_training_value


@dataclass(frozen=True)
class Point:
    """One point of the grid: axis values as declared and as resolved for its encoder, and its training values."""

    declared: dict[str, Any]
    values: dict[str, Any]
    training: dict[str, Any]

    def columns(self) -> dict[str, Any]:
        """The axes' cells in summary.csv."""
        cells: dict[str, Any] = {}
        for axis in AXES:
            cells |= axis.columns(self.declared[axis.name], self.values[axis.name])
        return cells


def expand(config: dict[str, Any]) -> tuple[list[Point], dict[str, Source]]:
    """All points of a checked config's grid, in the order written, each once; and the encoders they use.

    What the encoders are known not to do is refused; where it is not known yet, their jobs say it.

    Raises:
        InputError: a value that is impossible for its encoder, or a grid without a point.
    """
    cache = Path(config["cache_root"]).expanduser()
    sources = {name: source(name, entry, cache) for name, entry in config["encoders"].items()}
    known = {name: abilities(entry, cache) for name, entry in sources.items()}
    blocks = {}
    for number, block in enumerate(config["grid"]):
        blocks[f"grid[{number}]"] = block
        blocks |= {f"grid[{number}].include[{extra}]": entry for extra, entry in enumerate(block.get("include", []))}
    points: dict[str, Point] = {}
    for where, block in blocks.items():
        for point in _fitting(_points(config, sources, block, where), config, known, where):
            points.setdefault(canonical([point.values, point.training]), point)
    if not points:
        raise InputError("grid: expected at least one run, found none (exclude removes every point)")
    used = {point.values["encoder"] for point in points.values()}
    return list(points.values()), {name: entry for name, entry in sources.items() if name in used}


def _fitting(
    points: Iterator[Point], config: dict[str, Any], known: dict[str, Abilities], where: str
) -> Iterator[Point]:
    """Points of a block, after a check of what does not go together; what will only be slow is told on the screen.

    Args:
        known: what each encoder can be used for.
    """
    slow = set()
    for point in points:
        _check(point, config, where)
        name = point.values["encoder"]
        expect_fit(point.values, known[name], where)
        if is_slow(point.values, known[name]):
            slow.add(name)
        yield point
    for name in sorted(slow):
        print(
            f"Note: {where}.freeze: the layers of {name} cannot be computed from stored hidden states; its runs compute the frozen ones in every "
            "epoch",
            file=sys.stderr,
        )


def varying(points: list[Point]) -> list[str]:
    """The training values that differ between points, sorted by name."""
    keys = sorted({key for point in points for key in point.training})
    return [key for key in keys if len({repr(point.training[key]) for point in points}) > 1]


def _points(config: dict[str, Any], sources: dict[str, Source], block: dict[str, Any], where: str) -> Iterator[Point]:
    """The points of a block less those that it excludes; what is excluded need not be possible.

    An entry of `exclude` that removes nothing is told on the screen: a block may be cut down later, so it is no error.
    """
    axes = [[(axis.name, value) for value in _declared(axis, block, config)] for axis in AXES]
    overrides, excluded = _crossings(block.get("training", {})), block.get("exclude", [])
    idle, there = dict(enumerate(excluded)), []
    for *pairs, override in itertools.product(*axes, overrides):
        declared = dict(pairs)
        point = Point(declared, declared, _training(config, declared["encoder"], override))
        matching = [number for number, entry in enumerate(excluded) if _matches(entry, point)]
        if not matching:
            point = replace(point, values=_resolved(config, sources, declared, where))
            matching = [number for number, entry in enumerate(excluded) if _matches(entry, point)]
        for number in matching:
            idle.pop(number, None)
        if idle:
            there += _forms(point)
        if not matching:
            yield point
    for number, entry in idle.items():
        print(f"Warning: {where}.exclude[{number}] removes nothing: {explain_unmatched(entry, there)}", file=sys.stderr)


def _forms(point: Point) -> list[dict[str, Any]]:
    """The values of a point, a dictionary for each of their forms."""
    forms = [
        {axis.name: form} for axis in AXES for form in axis.forms(point.declared[axis.name], point.values[axis.name])
    ]
    return [*forms, {"training": point.training}]


def _training(config: dict[str, Any], encoder: str, override: dict[str, Any]) -> dict[str, Any]:
    """Training values of a point: the study's, the encoder's over them, the block's over both."""
    own = config["encoders"].get(encoder, {}).get("training", {})
    typed = {key: typed_training_value(key, value) for key, value in override.items()}
    training = {**config["training"], **own, **typed}
    if training["head_learning_rate"] is None:
        training["head_learning_rate"] = training["learning_rate"]
    return training


def _resolved(
    config: dict[str, Any], sources: dict[str, Source], declared: dict[str, Any], where: str
) -> dict[str, Any]:
    """Axis values as the spec holds them, for the point's encoder."""
    name = declared["encoder"]
    if name not in sources:
        raise InputError(
            f"{where}.encoder: expected one of {', '.join(sources)} (the names under encoders), found {name}"
        )
    encoder = sources[name].encoder
    values = {}
    for axis in AXES:
        try:
            values[axis.name] = axis.resolve(declared[axis.name], encoder)
        except InputError as error:
            raise InputError(f"{where}.{error}") from None
    return values


def _check(point: Point, config: dict[str, Any], where: str) -> None:
    """Refuse values that make no sense together."""
    for axis in AXES:
        if problem := axis.conflict(point.values, config):
            raise InputError(f"{where}.{axis.name}: {problem}")


def _declared(axis: Axis, block: dict[str, Any], config: dict[str, Any]) -> list[Any]:
    """The values that a block gives an axis, lists inside mappings crossed."""
    if axis.name in block:
        value = block[axis.name]
        return [one for item in _listed(value) for one in _crossings(item)]
    levels = axis.levels(config)
    return [axis.default] if levels is None else levels


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _crossings(value: Any) -> list[Any]:
    """A mapping with lists inside becomes all mappings without; any other value stands for itself."""
    if not isinstance(value, dict):
        return [value]
    choices = [[(key, item) for item in _listed(items)] for key, items in value.items()]
    return [dict(pairs) for pairs in itertools.product(*choices)]


def _matches(entry: dict[str, Any], point: Point) -> bool:
    """Whether a point has every value that an `exclude` entry names; of a mapping, the keys that the entry names."""
    for axis in AXES:
        options = [one for item in _listed(entry.get(axis.name, [])) for one in _crossings(item)]
        if axis.name in entry and not any(_is(option, point, axis) for option in options):
            return False
    return all(
        any(typed_training_value(key, option) == point.training[key] for option in _listed(options))
        for key, options in entry.get("training", {}).items()
    )


def _is(option: Any, point: Point, axis: Axis) -> bool:
    """Whether an axis of a point has a value, as declared or as resolved; of a mapping, the keys that the option names."""
    forms = axis.forms(point.declared[axis.name], point.values[axis.name])
    if not isinstance(option, dict):
        return option in forms
    return any(isinstance(form, dict) and option.items() <= form.items() for form in forms)
