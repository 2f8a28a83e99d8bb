"""The section of errors: labels mixed up, confident mistakes, groups of texts, calibration, thresholds."""

import altair as alt

from emotion_grid.evaluation.calibration import calibration, calibration_error, threshold_curves
from emotion_grid.evaluation.mistakes import by_count, by_length, confusion, mistakes, read_predicted, together
from emotion_grid.evaluation.results import Results
from emotion_grid.report.figure import (
    BLUE,
    FIT_WIDTH,
    GREEN,
    ORANGE,
    PURPLE,
    SMALL,
    VERMILION,
    Figure,
    draw,
    fitted,
    name_axis,
    parts_figure,
)

_COLOURS = ["currentColor", BLUE, ORANGE, VERMILION, GREEN, PURPLE]

_DASHES = [[1, 0], [5, 3], [2, 2]]


def confusion_figure(rows: list[dict]) -> Figure:
    """Rightly given, missed and wrongly given texts of each label as one bar a label.

    Args:
        rows: `label`, `right`, `missed`, `wrong`.
    """
    names = {"right": ("rightly given", BLUE), "missed": ("missed", ORANGE), "wrong": ("wrongly given", VERMILION)}
    values = [
        {"label": row["label"], "kind": names[key][0], "place": place, "texts": row[key]}
        for row in rows
        for place, key in enumerate(names)
    ]
    colour = alt.Scale(domain=[name for name, _ in names.values()], range=[colour for _, colour in names.values()])
    legend = alt.Legend(title=None, orient="bottom", columns=2, columnPadding=24, symbolType="square")
    chart = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar()
        .encode(
            x=alt.X("texts:Q", title="texts", axis=alt.Axis(tickMinStep=1, tickCount=5, format="d")),
            y=name_axis([row["label"] for row in rows], "label"),
            color=alt.Color("kind:N", scale=colour, legend=legend),
            order=alt.Order("place:O"),
        )
    )
    words = "; ".join(
        f"{row['label']}: {row['right']} right, {row['missed']} missed, {row['wrong']} wrong" for row in rows
    )
    return draw(fitted(chart, 26), rows, f"Texts of each label by how the run did. {words}.")


def together_figure(rows: list[dict], kind: str, labels: list[str]) -> Figure:
    """Which labels stand together, as a grid of shares.

    Args:
        rows: `kind`, `label`, `other`, `texts`, `share` (None where no text has the label).
        kind: the rows to draw, gold or predicted.
    """
    rows = [row for row in rows if row["kind"] == kind]
    values = [{**row, "cell": "" if row["share"] is None else f"{100 * row['share']:.0f}"} for row in rows]
    base = alt.Chart(alt.InlineData(values=values)).encode(
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
    words = "; ".join(f"of {row['label']}, {100 * row['share']:.0f}% also {row['other']}" for row in strongest)
    return draw(fitted(alt.layer(boxes, texts), 30), rows, f"Labels that stand together, {kind}, in percent. {words}.")


def calibration_figure(rows: list[dict]) -> Figure:
    """True share against predicted probability, with the line on which they agree.

    Args:
        rows: `predicted`, `true`, `predictions`, from low to high.
    """
    x, y = (
        alt.X("predicted:Q", title="predicted probability", scale=alt.Scale(domain=[0, 1]), axis=_share_axis()),
        alt.Y("true:Q", title="share that is right", scale=alt.Scale(domain=[0, 1]), axis=_share_axis()),
    )
    ideal = alt.Chart(alt.InlineData(values=[{"predicted": 0, "true": 0}, {"predicted": 1, "true": 1}]))
    curve = alt.Chart(alt.InlineData(values=rows)).mark_line(
        color=BLUE, strokeWidth=2, point={"size": 50, "filled": True, "color": BLUE}
    )
    diagonal = ideal.mark_line(color="currentColor", opacity=0.5, strokeDash=[4, 3], strokeWidth=1.5)
    chart = alt.layer(diagonal.encode(x=x, y=y), curve.encode(x=x, y=y)).properties(
        width=SMALL, height=250, autosize=FIT_WIDTH
    )
    words = "; ".join(f"{row['predicted']:.2f} predicted, {row['true']:.2f} true" for row in rows)
    return draw(chart, rows, f"Predicted probability against the share that is right. {words}.")


def thresholds_figure(rows: list[dict], tuned: list[float]) -> Figure:
    """F1 over the threshold, the mean as the thick line.

    Args:
        rows: `threshold`, `of` (macro-F1 first, then labels), `f1`.
        tuned: thresholds that validation chose, marked if there is one for all labels.
    """
    names = list(dict.fromkeys(row["of"] for row in rows))
    colours = [_COLOURS[place % len(_COLOURS)] for place in range(len(names))]
    dashes = [_DASHES[place // len(_COLOURS) % len(_DASHES)] for place in range(len(names))]
    legend = alt.Legend(title=None, orient="bottom", columns=3, symbolSize=200, symbolStrokeWidth=2.5)
    lines = (
        alt.Chart(alt.InlineData(values=rows))
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
        mark = alt.Chart(alt.InlineData(values=[{"threshold": tuned[0]}])).mark_rule(
            color="currentColor", opacity=0.5, strokeDash=[2, 2]
        )
        layers.insert(0, mark.encode(x="threshold:Q"))
    chart = alt.layer(*layers).properties(width=SMALL, height=250, autosize=FIT_WIDTH)
    best = {name: max((row for row in rows if row["of"] == name), key=lambda row: row["f1"]) for name in names}
    words = "; ".join(f"{name}: best {row['f1']:.2f} at {row['threshold']:.2f}" for name, row in best.items())
    return draw(chart, rows, f"F1 over the threshold. {words}.")


def _share_axis() -> alt.Axis:
    return alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".2~f", domain=False)


def errors_section(results: Results) -> dict:
    """Where the best run is wrong on the split that judges."""
    found, how = read_predicted(results, results.best["run"]), results.plan["evaluation"]
    rows, pairs = confusion(found), together(found)
    groups = (
        ("macro-F1", "text length", by_length(found, how["bootstrap"], how["confidence"])),
        ("all labels right", "number of gold labels", by_count(found, how["bootstrap"], how["confidence"])),
    )
    return {
        "texts": len(found.gold),
        "wrong": int((found.gold != found.given).any(1).sum()),
        "confusion": confusion_figure(rows),
        "counts": rows,
        "together": {kind: together_figure(pairs, kind, found.labels) for kind in ("gold", "predicted")},
        "missed": mistakes(found, "missed"),
        "wrongly": mistakes(found, "wrong"),
        "groups": [
            {"name": f"{metric} by {of}", "figure": parts_figure(part, metric, of)} for metric, of, part in groups
        ],
        "calibration": calibration_figure(calibration(found)),
        "calibration_errors": [
            {"label": label, "error": calibration_error(found.probabilities[:, place], found.gold[:, place])}
            for place, label in enumerate(found.labels)
        ],
        "thresholds": thresholds_figure(threshold_curves(found), found.thresholds.tolist()),
    }
