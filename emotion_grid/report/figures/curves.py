"""The figure of a run's loss curves."""

import math

import altair as alt

from emotion_grid.report.figure import BLUE, GREEN, SMALL, VERMILION, Drawing, Figure, chart_of, draw, finite, short


def curves_figure(history: list[dict], best_epoch: int | None, loss_domain: list[float], label: str) -> Figure:
    """Training and validation loss, and below them validation macro-F1, over the epochs of a run.

    Args:
        history: rows of history.csv, at least one; a value that is no finite number leaves a gap.
        best_epoch: marked by a line.
        loss_domain: range of the loss axis, the same for all runs.
        label: the run, for the alternative text.
    """
    first, last = history[0], history[-1]
    panels: list[Drawing] = [
        _losses(history, loss_domain, _epochs(last["epoch"], titled=False)),
        _macro_f1(history, _epochs(last["epoch"], titled=True)),
    ]
    if best_epoch:
        mark = chart_of([{"epoch": best_epoch}])
        line = mark.mark_rule(color="currentColor", opacity=0.5, strokeDash=[2, 2])
        panels = [alt.layer(line.encode(x=panel.encoding.x), panel) for panel in panels]
    changes = ", ".join(
        f"{words} from {short(first[name])} to {short(last[name])}"
        for name, words in (
            ("train_loss", "training loss"),
            ("validation_loss", "validation loss"),
            ("validation_macro_f1", "validation macro-F1"),
        )
    )
    kept = f"; best epoch: {best_epoch}" if best_epoch else ""
    chart = alt.vconcat(*(panel.properties(width=SMALL - 80) for panel in panels), spacing=12)
    return draw(chart, history, f"Curves of {label} over {last['epoch']} epochs: {changes}{kept}.")


def _losses(history: list[dict], domain: list[float], x: alt.X) -> alt.Chart:
    kinds = {"train_loss": (VERMILION, [4, 3]), "validation_loss": (BLUE, [1, 0])}
    values = [{"epoch": row["epoch"], "loss": finite(row[kind]), "kind": kind} for kind in kinds for row in history]
    names = list(kinds)
    colour, dash = (alt.Scale(domain=names, range=[kinds[name][part] for name in names]) for part in (0, 1))
    y = alt.Y(
        "loss:Q", title="loss", scale=alt.Scale(domain=domain, nice=False, clamp=True), axis=alt.Axis(tickCount=4)
    )
    lines = chart_of(values).mark_line(strokeWidth=2, point={"size": 22, "filled": True})
    return lines.encode(
        x=x,
        y=y,
        color=alt.Color("kind:N", legend=None, scale=colour),
        strokeDash=alt.StrokeDash("kind:N", legend=None, scale=dash),
    ).properties(height=110)


def _macro_f1(history: list[dict], x: alt.X) -> alt.Chart:
    values = [{"epoch": row["epoch"], "score": finite(row["validation_macro_f1"])} for row in history]
    y = alt.Y(
        "score:Q", title="macro-F1", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(values=[0, 0.5, 1], format=".1f")
    )
    point = {"size": 22, "filled": True, "color": GREEN}
    lines = chart_of(values).mark_line(strokeWidth=2, color=GREEN, point=point)
    return lines.encode(x=x, y=y).properties(height=66)


def _epochs(last: int, titled: bool) -> alt.X:
    """The axis of the epochs; only the lower panel has numbers."""
    ticks = list(range(1, last + 1, math.ceil(last / 8)))
    axis = alt.Axis(values=ticks, format="d", labels=titled, ticks=titled, title="epoch" if titled else None)
    return alt.X("epoch:Q", scale=alt.Scale(domain=[1, max(last, 2)], nice=False, padding=6), axis=axis)
