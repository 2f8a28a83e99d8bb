"""The figure of one metric of each part: of each label, or of each group of texts."""

import altair as alt

from emotion_grid.report.figure import BLUE, Figure, chart_of, draw, fitted, listed, name_axis, score_axis, short


def parts_figure(rows: list[dict], metric: str, of: str) -> Figure:
    """One metric of each part (a label, a group of texts), with its interval; a hollow dot has none, and says why.

    Args:
        rows: `label`, `value`, `low`, `high` and `caution` (why there is no interval; empty if there is one), in the order to show.
        metric: the metric's name.
        of: what the parts are, for the alternative text.
    """
    data = [
        {
            **row,
            "kind": "hollow" if row["caution"] else "filled",
            "note": row["caution"].removesuffix(" for an interval"),
        }
        for row in rows
    ]
    base = chart_of(data).encode(y=name_axis([row["label"] for row in rows], "label"))
    spread = base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2.5, color=BLUE, opacity=0.5)
    at_value = score_axis("value", [0, 1], metric)
    filled = base.transform_filter("datum.kind == 'filled'").mark_point(filled=True, size=75, color=BLUE, opacity=1)
    hollow = base.transform_filter("datum.kind == 'hollow'").mark_point(
        filled=False, size=60, color=BLUE, opacity=1, strokeWidth=1.5
    )
    left = base.transform_filter("datum.value > 0.5").mark_text(align="right", dx=-9, fontSize=11, color="currentColor")
    right = base.transform_filter("datum.value <= 0.5").mark_text(align="left", dx=9, fontSize=11, color="currentColor")
    chart = alt.layer(
        spread.encode(x=score_axis("low", [0, 1], metric), x2="high:Q"),
        filled.encode(x=at_value),
        hollow.encode(x=at_value),
        left.encode(x=at_value, text="note:N"),
        right.encode(x=at_value, text="note:N"),
    )
    words = listed(
        f"{row['label']}: {short(row['value'])}" + (f" ({row['caution']})" if row["caution"] else "") for row in rows
    )
    return draw(fitted(chart, 28), rows, f"{metric} by {of}. {words}")
