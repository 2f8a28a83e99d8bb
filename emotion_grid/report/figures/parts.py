"""The figure of one metric of each part: of each label, or of each group of texts."""

import altair as alt

from emotion_grid.report.figure import BLUE, Figure, draw, fitted, listed, name_axis, score_axis, short


def parts_figure(rows: list[dict], metric: str, of: str) -> Figure:
    """One metric of each part (a label, a group of texts), with its interval.

    Args:
        rows: `label`, `value`, `low`, `high`, in the order to show.
        metric: the metric's name.
        of: what the parts are, for the alternative text.
    """
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=name_axis([row["label"] for row in rows], "label"))
    spread = base.mark_rule(strokeWidth=2.5, color=BLUE, opacity=0.5).encode(
        x=score_axis("low", [0, 1], metric), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=75, color=BLUE, opacity=1).encode(x=score_axis("value", [0, 1], metric))
    words = listed(f"{row['label']}: {short(row['value'])}" for row in rows)
    return draw(fitted(alt.layer(spread, dots), 28), rows, f"{metric} by {of}. {words}")
