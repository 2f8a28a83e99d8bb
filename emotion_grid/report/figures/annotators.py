"""The figure of annotators beside the rows of an experiment: the score of each with its interval."""

import altair as alt

from emotion_grid.report.figure import NARROW, PURPLE, Figure, draw, listed, score_axis, score_domain, short
from emotion_grid.report.figures.settings import KINDS

MARKS = {**KINDS, "annotators": ("cross", PURPLE)}
"""Shape and colour of each kind of row; the page explains them."""


def annotators_figure(rows: list[dict], score: str) -> Figure:
    """A dot and an interval for each row, in their order, with its name above.

    Args:
        rows: `label`, `kind`, `value`, `low` and `high` (None without an interval).
        score: what the axis shows.
    """
    domain = score_domain(row[part] for row in rows for part in ("value", "low", "high"))
    data = [
        {**row, "place": place, "kind": row["kind"] if row["kind"] in MARKS else "other"}
        for place, row in enumerate(rows)
    ]
    kinds = list(MARKS)
    colour = alt.Color("kind:N", legend=None, scale=alt.Scale(domain=kinds, range=[MARKS[kind][1] for kind in kinds]))
    shape = alt.Shape("kind:N", legend=None, scale=alt.Scale(domain=kinds, range=[MARKS[kind][0] for kind in kinds]))
    base = alt.Chart(alt.InlineData(values=data)).encode(y=alt.Y("place:O", axis=None))
    spread = base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2.5, opacity=0.55, yOffset=9)
    dots = base.mark_point(filled=True, size=75, opacity=1, yOffset=9)
    labels = base.mark_text(align="left", dy=-9, limit=NARROW, color="currentColor")
    chart = alt.layer(
        spread.encode(x=score_axis("low", domain, score), x2="high:Q", color=colour),
        dots.encode(x=score_axis("value", domain, score), color=colour, shape=shape),
        labels.encode(x=alt.value(0), text="label:N"),
    ).properties(width=NARROW, height=alt.Step(44))
    words = listed(f"{row['label']}: {short(row['value'])}" for row in rows)
    return draw(chart, rows, f"{score} against the majority of the other annotators, best first. {words}")
