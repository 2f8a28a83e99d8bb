"""The section of effects: the scores of each axis's levels, and which differences are significant."""

import math

import altair as alt
import pandas as pd

from emotion_grid.evaluation.results import Results
from emotion_grid.report.figure import (
    BLUE,
    VERMILION,
    Figure,
    draw,
    fitted,
    listed,
    name_axis,
    score_axis,
    score_domain,
)
from emotion_grid.report.verdicts import EMPTY, axis_findings


def levels_figure(levels: list[dict], domain: list[float], score: str, name: str) -> Figure:
    """The settings of each level of an axis as ticks, with their mean and standard deviation.

    Args:
        levels: `level` and `scores`, a value a setting, in the order to show.
        domain: range of the score axis, the same for all axes.
        score: what the axis shows.
        name: the axis's name.
    """
    ticks = [{"level": entry["level"], "score": value} for entry in levels for value in entry["scores"]]
    means = [{"level": entry["level"], **mean_range(entry["scores"])} for entry in levels]
    y = name_axis([entry["level"] for entry in levels], "level")
    strip = alt.Chart(alt.InlineData(values=ticks)).mark_tick(color=BLUE, opacity=0.65, thickness=1.5, size=18)
    base = alt.Chart(alt.InlineData(values=means)).encode(y=y)
    spread = base.mark_rule(strokeWidth=2, color=VERMILION).encode(x=score_axis("low", domain, score), x2="high:Q")
    middle = base.mark_point(filled=True, size=80, color=VERMILION, opacity=1, shape="diamond")
    chart = alt.layer(
        strip.encode(x=score_axis("score", domain, score), y=y),
        spread,
        middle.encode(x=score_axis("mean", domain, score)),
    )
    words = listed(
        f"{row['level']}: mean {row['mean']:.3f} over {len(entry['scores'])} settings"
        for row, entry in zip(means, levels, strict=True)
    )
    return draw(fitted(chart, 34), ticks, f"{score} by {name}. {words}")


def mean_range(scores: list[float]) -> dict:
    """`mean`, and `low` and `high` one standard deviation beside it (None of a single score)."""
    mean = sum(scores) / len(scores)
    if len(scores) < 2:
        return {"mean": mean, "low": None, "high": None}
    deviation = math.sqrt(sum((score - mean) ** 2 for score in scores) / (len(scores) - 1))
    return {"mean": mean, "low": mean - deviation, "high": mean + deviation}


MOST_PAIRS = 6
"""How many settings and runs have a place in the figures (the best by validation), and how many pairs of an axis's levels in the text."""


def effects_section(results: Results, comparison: pd.DataFrame) -> list[dict]:
    """An axis after the other, real differences first: the scores of its levels, and which levels can be told apart."""
    settings = results.settings[results.settings["kind"] == "run"].rename(columns={f"{results.score}_mean": "score"})
    settings = settings[settings["score"].notna()]
    domain, axes = score_domain(settings["score"]), {axis.name: axis for axis in results.axes}
    found = []
    for finding in axis_findings(comparison, results.axes):
        axis = axes[finding["name"]]
        levels = [
            {"level": level or EMPTY, "scores": settings.loc[settings[axis.column] == level, "score"].tolist()}
            for level in axis.levels
        ]
        levels = [entry for entry in levels if entry["scores"]]
        figure = levels_figure(levels, domain, results.score_name, axis.name)
        found.append({**finding, "figure": figure, "shown": finding["pairs"][:MOST_PAIRS]})
    return found
