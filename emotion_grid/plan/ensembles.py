"""Ensembles: rows of the comparison whose predictions are made from the finished ones of the grid's runs."""

from collections.abc import Iterable, Mapping
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.grid.axes.declared import AXES
from emotion_grid.plan.specs import row_spec

KIND, PROGRAM = "ensemble", "emotion_grid.evaluation.ensembles"
"""What tables call such a row; the module that predicts."""

BEST = "best-"
"""The name of an ensemble of the best settings, before their number."""


def ensemble_specs(
    names: Iterable[str], settings: list[dict[str, list[str]]], fold: str, data: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """The spec of each ensemble of a fold, by its name.

    Args:
        names: as in the config.
        settings: the runs, as `runs_by_setting` sorts them.
        fold: whose held-out texts it predicts; "" without folds.
        data: the spec of the prepared splits.

    Raises:
        InputError: an ensemble of more settings than there are.
    """
    for name in names:
        if name.startswith(BEST) and int(name.removeprefix(BEST)) > len(settings):
            raise InputError(
                f"ensembles: expected the number of the best settings in {name} to be at most that of the settings of the grid, found "
                f"{len(settings)} of them"
            )
    return {name: row_spec(data, PROGRAM, ensemble=name, fold=fold, settings=settings) for name in names}


def runs_by_setting(columns: Mapping[str, Mapping[str, Any]]) -> list[dict[str, list[str]]]:
    """The runs of each setting by their fold, under "" without folds, all sorted by name: the order of the config decides nothing.

    Args:
        columns: of each run its cells in summary.csv.

    Raises:
        InputError: settings that were not run on the same folds, so that they do not predict the same texts.
    """
    repeated = {axis.name for axis in AXES if axis.repeats}
    settings: dict[tuple[Any, ...], dict[str, list[str]]] = {}
    for run in sorted(columns, key=lambda name: (columns[name]["fold"] or 0, name)):
        cells = columns[run]
        setting = tuple(sorted((name, str(value)) for name, value in cells.items() if name not in repeated))
        settings.setdefault(setting, {}).setdefault(str(cells["fold"] or ""), []).append(run)
    found = sorted(settings.values(), key=lambda setting: next(iter(setting.values())))
    for other in found[1:]:
        if list(other) != list(found[0]):
            raise InputError(
                "ensembles: expected settings that predict the same texts, found one that was run on other folds than another: "
                f"{_words(found[0])}; {_words(other)}"
            )
    return found


def _words(setting: dict[str, list[str]]) -> str:
    runs = next(iter(setting.values()))
    return f"that of {runs[0]} on {', '.join(setting)}"
