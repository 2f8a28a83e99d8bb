"""The figure of cost against score: what a better score costs."""

import altair as alt

from emotion_grid.report.figure import FIT_WIDTH, SMALL, Figure, chart_of, draw, listed, score_domain, ticks
from emotion_grid.report.figures.settings import KINDS


def costs_figure(rows: list[dict], cost: str, form: str, score: str, baseline: float | None) -> Figure:
    """A dot for each setting: its cost from left to right on a logarithmic scale, its score from bottom to top.

    Args:
        rows: `label`, `kind` (best or run), `cost` (above 0) and `score`.
        cost: what the horizontal axis shows, with its unit.
        form: how the axis writes numbers, in d3's notation.
        score: what the vertical axis shows.
        baseline: the best baseline's score, drawn as a dashed line; None without one.
    """
    costs = [row["cost"] for row in rows]
    x = alt.X(
        "cost:Q",
        title=cost,
        scale=alt.Scale(type="log", domain=[min(costs) / 1.25, max(costs) * 1.25], nice=False),
        axis=alt.Axis(values=ticks(min(costs) / 1.25, max(costs) * 1.25), format=form, domain=False),
    )
    domain = score_domain([*(row["score"] for row in rows), baseline])
    scale = alt.Scale(domain=domain, nice=False, zero=False, clamp=True)
    axis = alt.Axis(format=".2~f", tickCount=5, domain=False)
    y = alt.Y("score:Q", title=score, scale=scale, axis=axis)
    layers = []
    if baseline is not None:
        line = chart_of([{"score": baseline}])
        layers.append(line.mark_rule(color="currentColor", opacity=0.6, strokeDash=[4, 3]).encode(y=y))
    for kind in ("run", "best"):
        shape, colour = KINDS[kind]
        dots = chart_of([row for row in rows if row["kind"] == kind])
        layers.append(
            dots.mark_point(
                filled=True, shape=shape, color=colour, size=70, opacity=1 if kind == "best" else 0.7
            ).encode(x=x, y=y)
        )
    chart = alt.layer(*layers).properties(width=SMALL, height=230, autosize=FIT_WIDTH)
    top = sorted(rows, key=lambda row: -row["score"])[:5]
    words = listed(f"{row['label']}: {row['cost']:,.4g}, {row['score']:.3f}" for row in top)
    return draw(chart, rows, f"{score} of {len(rows)} settings against {cost}; the best first. {words}")
