"""The figures of mistakes by label, and of labels that occur together."""

import altair as alt

from emotion_grid.report.figure import BLUE, ORANGE, VERMILION, Figure, chart_of, draw, fitted, name_axis


def confusion_figure(rows: list[dict]) -> Figure:
    """Correctly predicted, missed and wrongly predicted texts of each label, a bar for each label.

    Args:
        rows: `label`, `right`, `missed`, `wrong`.
    """
    names = {
        "right": ("correctly predicted", BLUE),
        "missed": ("missed", ORANGE),
        "wrong": ("wrongly predicted", VERMILION),
    }
    values = [
        {"label": row["label"], "kind": names[key][0], "place": place, "texts": row[key]}
        for row in rows
        for place, key in enumerate(names)
    ]
    colour = alt.Scale(domain=[name for name, _ in names.values()], range=[colour for _, colour in names.values()])
    legend = alt.Legend(title=None, orient="bottom", columns=2, columnPadding=24, symbolType="square")
    chart = (
        chart_of(values)
        .mark_bar()
        .encode(
            x=alt.X("texts:Q", title="texts", axis=alt.Axis(tickMinStep=1, tickCount=5, format="d")),
            y=name_axis([row["label"] for row in rows], "label"),
            color=alt.Color("kind:N", scale=colour, legend=legend),
            order=alt.Order("place:O"),
        )
    )
    words = "; ".join(
        f"{row['label']}: {row['right']} correctly predicted, {row['missed']} missed, {row['wrong']} wrongly predicted"
        for row in rows
    )
    return draw(fitted(chart, 26), rows, f"Correct and wrong predictions of each label, in texts. {words}.")


def together_figure(rows: list[dict], kind: str, labels: list[str]) -> Figure:
    """How often two labels occur together, as a grid of shares.

    Args:
        rows: `kind`, `label`, `other`, `texts`, `share` (None where no text has the label).
        kind: the rows to draw, gold or predicted.
    """
    rows = [row for row in rows if row["kind"] == kind]
    values = [{**row, "cell": "" if row["share"] is None else f"{100 * row['share']:.0f}"} for row in rows]
    base = chart_of(values).encode(
        x=alt.X(
            "other:N",
            sort=labels,
            title="… also have",
            axis=alt.Axis(orient="top", labelAngle=-40, labelLimit=110, ticks=False, domain=False),
        ),
        y=name_axis(labels, "label", "of the texts with …"),
    )
    boxes = base.mark_rect(color=BLUE).encode(
        opacity=alt.Opacity("share:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0.04, 0.75]))
    )
    texts = base.mark_text(color="currentColor").encode(text="cell:N")
    strongest = sorted((row for row in rows if row["share"]), key=lambda row: -row["share"])[:3]
    words = "; ".join(f"{row['label']}: {100 * row['share']:.0f}% also have {row['other']}" for row in strongest)
    return draw(
        fitted(alt.layer(boxes, texts), 30),
        rows,
        f"{kind.capitalize()} labels that occur together, in percent. {words}.",
    )
