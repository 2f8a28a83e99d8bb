"""The figure of a scaling law: the error along an axis, both on logarithmic scales, with the law and its band."""

import altair as alt

from emotion_grid.report.figure import BLUE, FIT_WIDTH, SMALL, VERMILION, Figure, draw, listed, ticks

LEAST = 1e-3
"""An error below this is drawn here: a logarithmic scale has no 0."""


def scaling_figure(law: dict, error: str) -> Figure:
    """A dot for each run, a law as a line with its band up to twice the largest x; dots alone where there is no law.

    Args:
        law: as `scaling.py` in `emotion_grid/evaluation/` finds it.
        error: what the vertical axis shows.
    """
    levels, curve = law["levels"], law.get("curve", [])
    runs = [{"x": level["x"], "error": max(value, LEAST)} for level in levels for value in level["runs"]]
    xs = [point["x"] for point in (*runs, *curve)]
    errors = [*(run["error"] for run in runs), *(point[key] for point in curve for key in ("low", "high", "error"))]
    x = alt.X("x:Q", title=law["name"], **_logarithmic(xs, ",.3~r"))
    scale = _logarithmic([max(value, LEAST) for value in errors], ".2~r")
    y = alt.Y("error:Q", title=error, **scale)
    layers = []
    if curve:
        points = alt.Chart(alt.InlineData(values=[{**point, "low": max(point["low"], LEAST)} for point in curve]))
        band = points.mark_area(color=BLUE, opacity=0.18).encode(
            x=x, y=alt.Y("low:Q", title=error, **scale), y2="high:Q"
        )
        layers += [band, points.mark_line(color=BLUE).encode(x=x, y=y)]
    layers.append(
        alt.Chart(alt.InlineData(values=runs)).mark_point(filled=True, color=VERMILION, opacity=0.7).encode(x=x, y=y)
    )
    chart = alt.layer(*layers).properties(width=SMALL, height=230, autosize=FIT_WIDTH)
    words = listed(f"{level['x']:,.4g}: {level['error']:.3f}" for level in levels)
    return draw(chart, [*levels], f"{error} at each number of {law['name']}. {words}")


def _logarithmic(values: list[float], form: str) -> dict:
    """Scale and axis of an encoding with a logarithmic scale that holds all values."""
    low, high = min(values) / 1.1, max(values) * 1.1
    return {
        "scale": alt.Scale(type="log", domain=[low, high], nice=False, clamp=True),
        "axis": alt.Axis(values=ticks(low, high), format=form, domain=False),
    }
