"""Settings of a study: its points without seed and fold, of which each has runs that repeat each other. Imports no pandas."""

from collections.abc import Iterable
from typing import Any


def setting_columns(plan: dict[str, Any]) -> list[str]:
    """The columns that tell settings apart: all but those of repetitions, over which a setting's runs are averaged.

    Args:
        plan: the content of plan.json.
    """
    return [name for name in plan["columns"] if name not in plan["repetitions"]]


def by_setting(rows: Iterable[dict[str, Any]], plan: dict[str, Any]) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """The rows of each setting, in their order.

    Args:
        rows: of the plan.
        plan: the content of plan.json.
    """
    names = setting_columns(plan)
    settings: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        key = (row["kind"], *(str(row["columns"].get(name)) for name in names))
        settings.setdefault(key, []).append(row)
    return settings
