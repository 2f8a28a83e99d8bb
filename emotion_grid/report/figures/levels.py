"""The figure of the scores of an axis's levels."""

import math

import altair as alt

from emotion_grid.report.figure import BLUE, VERMILION, Figure, chart_of, draw, fitted, listed, name_axis, score_axis


def levels_figure(levels: list[dict], domain: list[float], score: str, name: str) -> Figure:
    """The settings of each level of an axis as ticks, matched pairs connected, with their mean and standard deviation.

    Args:
        levels: `level`, `scores`, a value a setting, and `pairs`, a number a setting: equal for settings that are equal in all other axes;
            in the order to show.
        domain: range of the score axis, the same for all axes.
        score: what the axis shows.
        name: the axis's name.
    """
    ticks = [
        {"level": entry["level"], "place": place, "score": value, "pair": pair}
        for place, entry in enumerate(levels)
        for value, pair in zip(entry["scores"], entry["pairs"], strict=True)
    ]
    means = [{"level": entry["level"], **mean_range(entry["scores"])} for entry in levels]
    y = name_axis([entry["level"] for entry in levels], "level")
    pairs = chart_of(ticks).mark_line(color="currentColor", opacity=0.25, strokeWidth=1)
    strip = chart_of(ticks).mark_tick(color=BLUE, opacity=0.65, thickness=1.5, size=18)
    base = chart_of(means).encode(y=y)
    spread = base.mark_rule(strokeWidth=2, color=VERMILION).encode(x=score_axis("low", domain, score), x2="high:Q")
    middle = base.mark_point(filled=True, size=80, color=VERMILION, opacity=1, shape="diamond")
    chart = alt.layer(
        pairs.encode(x=score_axis("score", domain, score), y=y, detail="pair:N", order="place:O"),
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
