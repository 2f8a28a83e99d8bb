"""The figure of all settings: score and spread of each."""

import altair as alt

from emotion_grid.report.figure import (
    BLUE,
    GREEN,
    NARROW,
    ORANGE,
    PURPLE,
    VERMILION,
    WIDE,
    Figure,
    chart_of,
    draw,
    listed,
    score_axis,
    score_domain,
    with_spread,
)
from emotion_grid.report.verdicts import MARKS

KINDS = {
    "best": ("square", VERMILION),
    "run": ("circle", BLUE),
    "ensemble": ("triangle-down", PURPLE),
    "baseline": ("diamond", ORANGE),
    "other": ("triangle-up", GREEN),
}
"""Shape and colour of each kind of row; the page explains them."""


def settings_figure(rows: list[dict], score: str, narrow: bool = False) -> Figure:
    """A dot and a range for each setting, in their order.

    Args:
        rows: `label`, `kind` (a key of `KINDS`), `mean`, `sd` (None of a single run) and `verdict`: against the
            best run's setting, from the row's own side; empty without one.
        score: what the axis shows, for example "macro-F1 on dev".
        narrow: labels above the dots, for a telephone's width.
    """
    ends = [(row["mean"] - (row["sd"] or 0), row["mean"] + (row["sd"] or 0)) for row in rows]
    domain = score_domain(end for pair in ends for end in pair)
    data = [
        {
            "place": place,
            "label": ("★ " if row["kind"] == "best" else "") + row["label"],
            "kind": row["kind"],
            "mean": row["mean"],
            "low": low,
            "high": high,
            "value": with_spread(row) + (f" {MARKS[row['verdict']]}" if row["verdict"] else ""),
            "right": row["mean"] < sum(domain) / 2,
        }
        for place, (row, (low, high)) in enumerate(zip(rows, ends, strict=True))
    ]
    kinds = list(KINDS)
    colour = alt.Color("kind:N", legend=None, scale=alt.Scale(domain=kinds, range=[KINDS[kind][1] for kind in kinds]))
    shape = alt.Shape("kind:N", legend=None, scale=alt.Scale(domain=kinds, range=[KINDS[kind][0] for kind in kinds]))
    base = chart_of(data).encode(y=alt.Y("place:O", axis=None), color=colour)
    shift = 9 if narrow else 0
    spread = base.mark_rule(strokeWidth=2.5, opacity=0.55, yOffset=shift)
    dots = base.mark_point(filled=True, size=75, opacity=1, yOffset=shift)
    layers = [
        spread.encode(x=score_axis("low", domain, score), x2="high:Q"),
        dots.encode(x=score_axis("mean", domain, score), shape=shape),
        *(_narrow_texts if narrow else _wide_texts)(base.encode(color=alt.value("currentColor")), domain, score),
    ]
    chart = alt.layer(*layers).properties(width=NARROW if narrow else WIDE, height=alt.Step(44 if narrow else 25))
    words = listed(
        f"{row['label']}: {with_spread(row)}" + (f", {row['verdict']}" if row["verdict"] else "") for row in rows
    )
    cells = [{name: row[name] for name in ("label", "kind", "mean", "sd", "verdict")} for row in rows]
    return draw(chart, cells, f"{score} of {len(rows)} settings, best first. {words}", left=4 if narrow else 44)


def _wide_texts(base: alt.Chart, domain: list[float], score: str) -> list[alt.Chart]:
    """Labels to the left and numbers to the right of the plot."""
    labels = base.mark_text(align="right", limit=440).encode(x=alt.value(-12), text="label:N")
    return [labels, base.mark_text(align="left").encode(x=alt.value(WIDE + 12), text="value:N")]


def _narrow_texts(base: alt.Chart, domain: list[float], score: str) -> list[alt.Chart]:
    """Labels above the dots, numbers beside them where there is more room."""
    labels = base.mark_text(align="left", dy=-9, limit=NARROW).encode(x=alt.value(0), text="label:N")
    right = base.transform_filter("datum.right").mark_text(align="left", dx=10, dy=9)
    left = base.transform_filter("!datum.right").mark_text(align="right", dx=-10, dy=9)
    return [
        labels,
        right.encode(x=score_axis("high", domain, score), text="value:N"),
        left.encode(x=score_axis("low", domain, score), text="value:N"),
    ]
