"""The section of the axes' effects: the scores of each axis's levels, and which differences are significant."""

import numpy as np
import pandas as pd

from emotion_grid.evaluation.contrasts import SAME, UNTESTED
from emotion_grid.evaluation.results import VaryingAxis, named_together
from emotion_grid.report.figure import Figure, score_domain
from emotion_grid.report.figures.levels import levels_figure
from emotion_grid.report.reading import Study
from emotion_grid.report.verdicts import MARKS, axis_findings

NAME, TITLE, TEMPLATE = "axes", "The effect of each axis", "sections/effects.html.j2"

MOST_PAIRS = 6
"""Pairs of an axis's levels in the text below its figure."""


def build(study: Study) -> dict | None:
    """The axes, significant differences first: the scores of each axis's levels and their comparisons; None if no axis varies."""
    results = study.results
    if not results.axes:
        return None
    settings = results.settings[results.settings["kind"] == "run"].rename(columns={f"{results.score}_mean": "score"})
    settings = settings[settings["score"].notna()]
    domain, axes = score_domain(settings["score"]), {axis.name: axis for axis in results.axes}
    found = []
    for finding in axis_findings(study.comparison, results.axes):
        axis = axes[finding["name"]]
        others = [other.column for other in results.axes if other is not axis]
        matched = settings.assign(pair=settings.groupby(others, sort=False).ngroup() if others else 0)
        levels = []
        for level in axis.levels:
            own = matched[matched[axis.column] == level]
            if len(own):
                name = axis.level_name(level)
                levels.append({"level": name, "scores": own["score"].tolist(), "pairs": own["pair"].tolist()})
        figure = levels_figure(levels, domain, results.score_name, axis.name)
        found.append({**finding, "figure": figure, "shown": finding["pairs"][:MOST_PAIRS]})
    return {"axes": found}


def tables(study: Study) -> dict[str, tuple[pd.DataFrame, str]]:
    """A row for every two levels of an axis that could be compared."""
    caption = (
        f"Differences of macro-F1 on {study.judge} between two levels of an axis, over pairs of settings that are equal in all other axes "
        "(axes named together change together: their effects cannot be separated). Each interval is for its own comparison; p is corrected by Holm's method; "
        "≈: no evidence of a difference; ?: not tested."
    )
    return {"effects": (_table(study.comparison, study.results.axes), caption)}


def figures(study: Study) -> dict[str, Figure]:
    """The levels of each axis."""
    found = build(study) or {"axes": []}
    return {f"effect-{axis['name']}": axis["figure"] for axis in found["axes"]}


def _table(comparison: pd.DataFrame, axes: list[VaryingAxis]) -> pd.DataFrame:
    by_column = {axis.column: axis for axis in axes}
    table = comparison[(comparison["family"] == "axis") & (comparison["verdict"] != "")]
    return pd.DataFrame(
        {
            "axis": [
                named_together([axis, *by_column[axis].together, *filter(None, others.split(", "))])
                for axis, others in zip(table["axis"], table["not_held_same"], strict=True)
            ],
            **{
                side: [
                    by_column[axis].level_name(level) for axis, level in zip(table["axis"], table[side], strict=True)
                ]
                for side in ("first", "second")
            },
            "pairs": table["pairs"].map("{:.0f}".format),
            "first − second": [
                f"{difference:+.3f} ({f'{low:+.3f} to {high:+.3f}' if low < high else 'no interval'})"
                + (f" {MARKS[verdict]}" if verdict in (SAME, UNTESTED) else "")
                for difference, low, high, verdict in zip(
                    *(table[name] for name in ("difference", "low", "high", "verdict")), strict=True
                )
            ],
            "p": ["< 0.001" if p < 0.001 else "" if np.isnan(p) else f"{p:.3f}" for p in table["p_corrected"]],
        }
    )
