"""Figures of the report: Altair charts as inline SVG, drawn here without a browser and without a connection.

Every figure is one `<svg role="img">` whose `aria-label` says in words what the data show. Texts take the page's colour
(`currentColor`); marks take colours of Okabe and Ito's palette, which the page's style sheet lightens on a dark ground.
"""

import json
import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup

BLUE, ORANGE, VERMILION, GREEN, PURPLE = "#0072B2", "#E69F00", "#D55E00", "#009E73", "#CC79A7"
"""Okabe and Ito's colours: told apart with any kind of colour vision."""

KINDS = {
    "best": ("square", VERMILION),
    "run": ("circle", BLUE),
    "baseline": ("diamond", ORANGE),
    "other": ("triangle-up", GREEN),
}
"""Shape and colour of each kind of row; the page explains them."""

FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif"
FONT_SIZE = 13
WIDE, NARROW, SMALL = 430, 320, 320
"""Widths in pixels: the settings' plot without its labels, the same for a telephone, one of many small figures."""

_SHAPES = {"svg", "g", "path", "line", "rect", "text", "tspan"}
_DROPPED = {"class", "pointer-events", "role", "version", "font-family"}
_LONG_NUMBER = re.compile(r"(\.\d\d)\d+")
_NAMESPACE = "{http://www.w3.org/2000/svg}"
VEGA_LITE = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
"""The version of Vega-Lite that Altair writes for."""


@dataclass(frozen=True)
class Figure:
    """A chart with its data, and what it says in words; in a template it is its SVG."""

    chart: dict
    rows: list[dict]
    words: str

    def __html__(self) -> Markup:
        return tidy(vl_convert.vegalite_to_svg(self.chart, vl_version=VEGA_LITE, allowed_base_urls=[]), self.words)

    def pdf(self) -> bytes:
        """The figure as a PDF file, in black on white."""
        chart = json.loads(json.dumps(self.chart).replace('"currentColor"', '"black"'))
        return vl_convert.vegalite_to_pdf(chart, vl_version=VEGA_LITE, allowed_base_urls=[])


def score_domain(values: Iterable[float | None]) -> list[float]:
    """The range of an axis for scores: all finite values with a margin, in steps of 0.05 and within [0, 1]."""
    finite = [value for value in values if _is_number(value)] or [0.0, 1.0]
    low, high = math.floor(min(finite) * 20 - 0.2) / 20, math.ceil(max(finite) * 20 + 0.2) / 20
    return [max(0.0, round(low, 2)), min(1.0, round(high, 2))]


def settings_figure(rows: list[dict], score: str, narrow: bool = False) -> Figure:
    """A dot and a range for each setting, in the order given.

    Args:
        rows: `label`, `kind` (a key of `KINDS`), `mean`, `sd` (None of a single run) and `same`: not told apart from the best.
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
            "value": _with_spread(row) + (" ≈" if row.get("same") else ""),
            "right": row["mean"] < sum(domain) / 2,
        }
        for place, (row, (low, high)) in enumerate(zip(rows, ends, strict=True))
    ]
    kinds = list(KINDS)
    colour = alt.Color("kind:N", legend=None, scale=alt.Scale(domain=kinds, range=[KINDS[kind][1] for kind in kinds]))
    shape = alt.Shape("kind:N", legend=None, scale=alt.Scale(domain=kinds, range=[KINDS[kind][0] for kind in kinds]))
    base = alt.Chart(alt.InlineData(values=data)).encode(y=alt.Y("place:O", axis=None), color=colour)
    shift = 9 if narrow else 0
    spread = base.mark_rule(strokeWidth=2.5, opacity=0.55, yOffset=shift)
    dots = base.mark_point(filled=True, size=75, opacity=1, yOffset=shift)
    layers = [
        spread.encode(x=_score("low", domain, score), x2="high:Q"),
        dots.encode(x=_score("mean", domain, score), shape=shape),
        *(_narrow_texts if narrow else _wide_texts)(base.encode(color=alt.value("currentColor")), domain, score),
    ]
    chart = alt.layer(*layers).properties(width=NARROW if narrow else WIDE, height=alt.Step(44 if narrow else 25))
    words = _listed(f"{row['label']}: {_with_spread(row)}" for row in rows)
    cells = [{name: row[name] for name in ("label", "kind", "mean", "sd", "same")} for row in rows]
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
        right.encode(x=_score("high", domain, score), text="value:N"),
        left.encode(x=_score("low", domain, score), text="value:N"),
    ]


def levels_figure(levels: list[dict], domain: list[float], score: str, name: str) -> Figure:
    """The settings of each level of an axis as ticks, with their mean and standard deviation.

    Args:
        levels: `level` and `scores`, a value a setting, in the order to show.
        domain: range of the score axis, the same for all axes.
        score: what the axis shows.
        name: the axis's name.
    """
    ticks = [{"level": entry["level"], "score": value} for entry in levels for value in entry["scores"]]
    means = [{"level": entry["level"], **mean_range(entry["scores"])} for entry in levels]
    y = _names([entry["level"] for entry in levels], "level")
    strip = alt.Chart(alt.InlineData(values=ticks)).mark_tick(color=BLUE, opacity=0.65, thickness=1.5, size=18)
    base = alt.Chart(alt.InlineData(values=means)).encode(y=y)
    spread = base.mark_rule(strokeWidth=2, color=VERMILION).encode(x=_score("low", domain, score), x2="high:Q")
    middle = base.mark_point(filled=True, size=80, color=VERMILION, opacity=1, shape="diamond")
    chart = alt.layer(
        strip.encode(x=_score("score", domain, score), y=y), spread, middle.encode(x=_score("mean", domain, score))
    )
    words = _listed(
        f"{row['level']}: mean {row['mean']:.3f} over {len(entry['scores'])} settings"
        for row, entry in zip(means, levels, strict=True)
    )
    return draw(_fitted(chart, 34), ticks, f"{score} by {name}. {words}")


def parts_figure(rows: list[dict], metric: str, of: str) -> Figure:
    """One metric of each part (a label, a group of texts), with its interval.

    Args:
        rows: `label`, `value`, `low`, `high`, in the order to show.
        metric: the metric's name.
        of: what the parts are, for the alternative text.
    """
    base = alt.Chart(alt.InlineData(values=rows)).encode(y=_names([row["label"] for row in rows], "label"))
    spread = base.mark_rule(strokeWidth=2.5, color=BLUE, opacity=0.5).encode(
        x=_score("low", [0, 1], metric), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=75, color=BLUE, opacity=1).encode(x=_score("value", [0, 1], metric))
    words = _listed(f"{row['label']}: {_short(row['value'])}" for row in rows)
    return draw(_fitted(alt.layer(spread, dots), 28), rows, f"{metric} by {of}. {words}")


def curves_figure(history: list[dict], best_epoch: int | None, loss_domain: list[float], label: str) -> Figure:
    """Training and validation loss, and below them validation macro-F1, over the epochs of a run.

    Args:
        history: rows of history.csv, at least one; a value that is no finite number leaves a gap.
        best_epoch: marked by a line.
        loss_domain: range of the loss axis, the same for all runs.
        label: the run, for the alternative text.
    """
    first, last = history[0], history[-1]
    panels = [
        _losses(history, loss_domain, _epochs(last["epoch"], titled=False)),
        _macro_f1(history, _epochs(last["epoch"], titled=True)),
    ]
    if best_epoch:
        mark = alt.Chart(alt.InlineData(values=[{"epoch": best_epoch}]))
        line = mark.mark_rule(color="currentColor", opacity=0.5, strokeDash=[2, 2])
        panels = [alt.layer(line.encode(x=panel.encoding.x), panel) for panel in panels]
    changes = ", ".join(
        f"{words} from {_short(first[name])} to {_short(last[name])}"
        for name, words in (
            ("train_loss", "training loss"),
            ("validation_loss", "validation loss"),
            ("validation_macro_f1", "validation macro-F1"),
        )
    )
    kept = f"; kept: epoch {best_epoch}" if best_epoch else ""
    chart = alt.vconcat(*(panel.properties(width=SMALL - 80) for panel in panels), spacing=12)
    return draw(chart, history, f"Curves of {label} over {last['epoch']} epochs: {changes}{kept}.")


def _losses(history: list[dict], domain: list[float], x: alt.X) -> alt.Chart:
    kinds = {"train_loss": (VERMILION, [4, 3]), "validation_loss": (BLUE, [1, 0])}
    values = [{"epoch": row["epoch"], "loss": _finite(row[kind]), "kind": kind} for kind in kinds for row in history]
    names = list(kinds)
    colour, dash = (alt.Scale(domain=names, range=[kinds[name][part] for name in names]) for part in (0, 1))
    y = alt.Y(
        "loss:Q", title="loss", scale=alt.Scale(domain=domain, nice=False, clamp=True), axis=alt.Axis(tickCount=4)
    )
    lines = alt.Chart(alt.InlineData(values=values)).mark_line(strokeWidth=2, point={"size": 22, "filled": True})
    return lines.encode(
        x=x,
        y=y,
        color=alt.Color("kind:N", legend=None, scale=colour),
        strokeDash=alt.StrokeDash("kind:N", legend=None, scale=dash),
    ).properties(height=110)


def _macro_f1(history: list[dict], x: alt.X) -> alt.Chart:
    values = [{"epoch": row["epoch"], "score": _finite(row["validation_macro_f1"])} for row in history]
    y = alt.Y(
        "score:Q", title="macro-F1", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(values=[0, 0.5, 1], format=".1f")
    )
    point = {"size": 22, "filled": True, "color": GREEN}
    lines = alt.Chart(alt.InlineData(values=values)).mark_line(strokeWidth=2, color=GREEN, point=point)
    return lines.encode(x=x, y=y).properties(height=66)


def _epochs(last: int, titled: bool) -> alt.X:
    """The axis of the epochs; only the lower panel has numbers."""
    ticks = list(range(1, last + 1, math.ceil(last / 8)))
    axis = alt.Axis(values=ticks, format="d", labels=titled, ticks=titled, title="epoch" if titled else None)
    return alt.X("epoch:Q", scale=alt.Scale(domain=[1, max(last, 2)], nice=False, padding=6), axis=axis)


def _score(field: str, domain: list[float], title: str) -> alt.X:
    """A horizontal axis for a score; all layers of a chart need the same range."""
    axis = alt.Axis(title=title, format=".2~f", tickCount=5, domain=False)
    return alt.X(f"{field}:Q", scale=alt.Scale(domain=domain, nice=False, zero=False, clamp=True), axis=axis)


def _names(order: list[str], field: str) -> alt.Y:
    axis = alt.Axis(labelLimit=130, labelPadding=8, ticks=False, domain=False)
    return alt.Y(f"{field}:N", sort=order, title=None, axis=axis)


def _fitted(chart: alt.LayerChart, step: int) -> alt.LayerChart:
    """A chart as wide as `SMALL` with its labels, `step` pixels a row."""
    autosize = alt.AutoSizeParams(type="fit-x", contains="padding")
    return chart.properties(width=SMALL, height=alt.Step(step), autosize=autosize)


def draw(chart: Any, rows: list[dict], words: str, left: int = 4) -> Figure:
    """A chart as a figure; `rows` are its data, as a person would want them in a table, `words` its alternative text.

    `left` pixels stay free on the left: the page's font may be wider than the one that texts are measured in.
    """
    text = {
        "labelColor": "currentColor",
        "titleColor": "currentColor",
        "labelFontSize": FONT_SIZE,
        "titleFontSize": FONT_SIZE,
        "titleFontWeight": "normal",
    }
    lines = {"domainColor": "currentColor", "tickColor": "currentColor", "gridColor": "currentColor"}
    faint = {"domainOpacity": 0.4, "tickOpacity": 0.4, "gridOpacity": 0.13}
    chart = chart.configure(
        background="transparent", font="Arial, sans-serif", padding={"left": left, "top": 4, "right": 4, "bottom": 4}
    )
    chart = chart.configure_view(stroke=None).configure_text(fontSize=FONT_SIZE).configure_legend(**text)
    chart = chart.configure_axis(**text, **lines, **faint, titlePadding=8, labelFlush=False)
    return Figure(chart.to_dict(), rows, words)


def tidy(svg: str, words: str) -> Markup:
    """The SVG with shapes and texts alone, coordinates of two decimals, the page's font and an alternative text.

    Raises:
        ValueError: an element or attribute that could load or run something; no chart of this module has one.
    """
    root = ElementTree.fromstring(svg)
    for parent in root.iter():
        for child in [child for child in parent if _is_empty(child)]:
            parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        if element.tag not in _SHAPES:
            raise ValueError(f"expected shapes and texts alone in a figure, found <{element.tag}>")
        attributes = {}
        for name, value in element.attrib.items():
            if name.startswith("on") or "href" in name or name == "style" or "url(" in value:
                raise ValueError(f"expected nothing that loads or runs in a figure, found {name}={value}")
            if name not in _DROPPED and not name.startswith("aria-") and (name, value) != ("opacity", "1"):
                attributes[name] = _LONG_NUMBER.sub(r"\1", value)
        element.attrib.clear()
        element.attrib.update(attributes)
    root.attrib.update({"role": "img", "aria-label": words, "font-family": FONT})
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # ElementTree escapes texts and attributes


def _is_empty(element: ElementTree.Element) -> bool:
    """Whether an element of Vega's draws nothing: frames without extent and without a stroke."""
    is_frame = element.get("class") in ("background", "foreground") and element.get("stroke") is None
    return element.get("display") == "none" or is_frame


def mean_range(scores: list[float]) -> dict:
    """`mean`, and `low` and `high` one standard deviation beside it (None of a single score)."""
    mean = sum(scores) / len(scores)
    if len(scores) < 2:
        return {"mean": mean, "low": None, "high": None}
    deviation = math.sqrt(sum((score - mean) ** 2 for score in scores) / (len(scores) - 1))
    return {"mean": mean, "low": mean - deviation, "high": mean + deviation}


def _with_spread(row: dict) -> str:
    return f"{row['mean']:.3f}" + ("" if row["sd"] is None else f" ± {row['sd']:.3f}")


def _is_number(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _finite(value: float) -> float | None:
    return value if _is_number(value) else None


def _short(value: float | None) -> str:
    return f"{value:.2f}" if _is_number(value) else "nothing"


def _listed(parts: Iterable[str]) -> str:
    return "; ".join(parts) + "."
