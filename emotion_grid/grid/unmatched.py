"""Entries of `exclude` that remove no run: most often a value with a slip in it."""

import difflib
from collections import defaultdict
from typing import Any

from emotion_grid.grid.values import typed_training_value


def explain_unmatched(entry: dict[str, Any], there: list[dict[str, Any]]) -> str:
    """Why an entry of `exclude` matches none of the points of its block.

    Args:
        entry: what the entry names.
        there: the values of the block's points, by axis; several a point, since a value has several forms.

    Returns:
        The values that stand nowhere in the block, each with the nearest one that does; if all stand there, that no run has them together.
    """
    present: dict[str, list[Any]] = defaultdict(list)
    for values in there:
        for name, value in _flat(values).items():
            if value not in present[name]:
                present[name].append(value)
    missing = []
    for name, asked in _flat(entry).items():
        known = present[name] or present[name.partition(".")[0]]
        listed = [typed_training_value(name, value) for value in (asked if isinstance(asked, list) else [asked])]
        if not any(value in known or isinstance(value, dict) for value in listed):
            missing.append(f"{name}: {_text(listed)} stands nowhere in the block; {_nearest(listed[0], known)}")
    return ", ".join(missing) or "no run that other entries leave has all of its values"


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    """Values by name, those of a mapping one by one (`head.size`)."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= {f"{name}.{key}": item for key, item in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def _nearest(asked: Any, known: list[Any]) -> str:
    """The nearest of the values that are there, or all of them."""
    numbers = [value for value in known if isinstance(value, int | float)]
    if isinstance(asked, int | float) and numbers:
        return f"the nearest is {min(numbers, key=lambda value: abs(value - asked))}"
    close = difflib.get_close_matches(str(asked), map(str, known), n=1)
    return f"the nearest is {close[0]}" if close else f"there are {_text(known)}"


def _text(values: list[Any]) -> str:
    return ", ".join(dict.fromkeys("none" if value is None else str(value) for value in values))
