"""The figures of predicted probabilities: calibration, and F1 over the threshold."""

import altair as alt

from emotion_grid.report.figure import BLUE, FIT_WIDTH, GREEN, ORANGE, PURPLE, SMALL, VERMILION, Figure, chart_of, draw

_COLOURS = ["currentColor", BLUE, ORANGE, VERMILION, GREEN, PURPLE]

_DASHES = [[1, 0], [5, 3], [2, 2]]


def calibration_figure(rows: list[dict]) -> Figure:
    """Observed share of gold labels against predicted probability, with the line on which they agree.

    Args:
        rows: `predicted`, `true`, `predictions`, from low to high.
    """
    x, y = (
        alt.X("predicted:Q", title="predicted probability", scale=alt.Scale(domain=[0, 1]), axis=_share_axis()),
        alt.Y("true:Q", title="observed share", scale=alt.Scale(domain=[0, 1]), axis=_share_axis()),
    )
    ideal = chart_of([{"predicted": 0, "true": 0}, {"predicted": 1, "true": 1}])
    curve = chart_of(rows).mark_line(color=BLUE, strokeWidth=2, point={"size": 50, "filled": True, "color": BLUE})
    diagonal = ideal.mark_line(color="currentColor", opacity=0.5, strokeDash=[4, 3], strokeWidth=1.5)
    chart = alt.layer(diagonal.encode(x=x, y=y), curve.encode(x=x, y=y)).properties(
        width=SMALL, height=250, autosize=FIT_WIDTH
    )
    words = "; ".join(f"{row['predicted']:.2f} predicted, {row['true']:.2f} observed" for row in rows)
    return draw(chart, rows, f"Predicted probability against the observed share. {words}.")


def thresholds_figure(rows: list[dict], tuned: list[float]) -> Figure:
    """F1 over the threshold, the mean as the thick line.

    Args:
        rows: `threshold`, `of` (macro-F1 first, then labels), `f1`.
        tuned: thresholds chosen on validation, marked if all labels share one.
    """
    names = list(dict.fromkeys(row["of"] for row in rows))
    colours = [_COLOURS[place % len(_COLOURS)] for place in range(len(names))]
    dashes = [_DASHES[place // len(_COLOURS) % len(_DASHES)] for place in range(len(names))]
    legend = alt.Legend(title=None, orient="bottom", columns=3, symbolSize=200, symbolStrokeWidth=2.5)
    lines = (
        chart_of(rows)
        .mark_line()
        .encode(
            x=alt.X("threshold:Q", title="threshold", scale=alt.Scale(domain=[0, 1]), axis=_share_axis()),
            y=alt.Y("f1:Q", title="F1", scale=alt.Scale(domain=[0, 1]), axis=_share_axis()),
            color=alt.Color("of:N", sort=names, scale=alt.Scale(domain=names, range=colours), legend=legend),
            strokeDash=alt.StrokeDash("of:N", sort=names, scale=alt.Scale(domain=names, range=dashes), legend=None),
            strokeWidth=alt.condition("datum.of == 'macro-F1'", alt.value(3.5), alt.value(1.5)),
        )
    )
    layers = [lines]
    if len(set(tuned)) == 1:
        mark = chart_of([{"threshold": tuned[0]}]).mark_rule(color="currentColor", opacity=0.5, strokeDash=[2, 2])
        layers.insert(0, mark.encode(x="threshold:Q"))
    chart = alt.layer(*layers).properties(width=SMALL, height=250, autosize=FIT_WIDTH)
    best = {name: max((row for row in rows if row["of"] == name), key=lambda row: row["f1"]) for name in names}
    words = "; ".join(f"{name}: best {row['f1']:.2f} at {row['threshold']:.2f}" for name, row in best.items())
    return draw(chart, rows, f"F1 over the threshold. {words}.")


def _share_axis() -> alt.Axis:
    return alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".2~f", domain=False)
