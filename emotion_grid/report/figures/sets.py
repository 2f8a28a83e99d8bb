"""The figure of data sets: the scores of all settings on each of them."""

import altair as alt

from emotion_grid.report.figure import (
    BLUE,
    ORANGE,
    VERMILION,
    WIDE,
    Figure,
    chart_of,
    draw,
    listed,
    name_axis,
    score_axis,
    score_domain,
    short,
)


def sets_figure(rows: list[dict], score: str) -> Figure:
    """A line for each data set: a tick for each setting, a square for the best one, a diamond for the best baseline.

    Args:
        rows: `set`, `scores` (of the settings of runs), `best` and `baseline` (None where there is none), in the order to show.
        score: what the axis shows.
    """
    ticks = [{"set": row["set"], "score": value} for row in rows for value in row["scores"]]
    marks = {"best": ("square", VERMILION), "baseline": ("diamond", ORANGE)}
    y = name_axis([row["set"] for row in rows], "set")
    domain = score_domain([tick["score"] for tick in ticks] + [row[kind] for row in rows for kind in marks])
    layers = [
        chart_of(ticks)
        .mark_tick(color=BLUE, opacity=0.65, thickness=1.5, size=14)
        .encode(x=score_axis("score", domain, score), y=y)
    ]
    for kind, (shape, colour) in marks.items():
        found = [{"set": row["set"], kind: row[kind]} for row in rows if row[kind] is not None]
        points = chart_of(found).mark_point(filled=True, size=60, opacity=1, shape=shape, color=colour)
        layers.append(points.encode(x=score_axis(kind, domain, score), y=y))
    words = listed(
        f"{row['set']}: best setting {short(row['best'])}, best baseline {short(row['baseline'])}" for row in rows
    )
    cells = [{name: row[name] for name in ("set", "best", "baseline")} for row in rows]
    return draw(
        alt.layer(*layers).properties(width=WIDE, height=alt.Step(24)),
        cells,
        f"{score} on {len(rows)} data sets. {words}",
    )
