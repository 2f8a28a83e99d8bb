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
from typing import Any, TypeGuard

import altair as alt
import vl_convert
from markupsafe import Markup

BLUE, ORANGE, VERMILION, GREEN, PURPLE = "#0072B2", "#E69F00", "#D55E00", "#009E73", "#CC79A7"
"""Okabe and Ito's colours, which people with any kind of colour vision can distinguish."""

FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif"

FONT_SIZE = 13
FIT_WIDTH = alt.AutoSizeParams(type="fit-x", contains="padding")
"""A chart as wide as asked for, its labels included."""


WIDE, NARROW, SMALL = 430, 320, 320
"""Widths in pixels: the settings' plot without its labels, the same for a telephone, one of many small figures."""

_SHAPES = {"svg", "g", "path", "line", "rect", "text", "tspan"}

_DROPPED = {"class", "pointer-events", "role", "version", "font-family"}

_LONG_NUMBER = re.compile(r"(\.\d\d)\d+")

_NAMESPACE = "{http://www.w3.org/2000/svg}"

VEGA_LITE = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
"""The version of Vega-Lite that Altair writes for."""


Drawing = alt.Chart | alt.LayerChart | alt.FacetChart
"""What `alt.Chart` and `alt.layer` return."""


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


def score_axis(field: str, domain: list[float], title: str) -> alt.X:
    """A horizontal axis for a score; all layers of a chart need the same range."""
    axis = alt.Axis(title=title, format=".2~f", tickCount=5, domain=False)
    return alt.X(f"{field}:Q", scale=alt.Scale(domain=domain, nice=False, zero=False, clamp=True), axis=axis)


def ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten within a range; every other one, or powers alone, where these would be many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high]
        if len(found) <= 6:
            break
    return found or [low, high]


def name_axis(order: list[str], field: str, title: str | None = None) -> alt.Y:
    """A vertical axis of names, in the order given."""
    axis = alt.Axis(labelLimit=150, labelPadding=8, ticks=False, domain=False)
    return alt.Y(f"{field}:N", sort=order, title=title, axis=axis)


def fitted(chart: Drawing, step: int) -> Drawing:
    """A chart as wide as `SMALL` with its labels, `step` pixels a row."""
    return chart.properties(width=SMALL, height=alt.Step(step), autosize=FIT_WIDTH)


def chart_of(rows: Iterable[dict]) -> alt.Chart:
    """A chart of rows that it holds itself: as a tuple, which Altair does not copy with each change of the chart."""
    return alt.Chart(alt.InlineData(values=tuple(rows)))


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
    return Figure(chart.to_dict(validate=False), rows, words)  # its parts were checked when they were made


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


def with_spread(row: dict) -> str:
    """A mean with its standard deviation, if there is one."""
    return f"{row['mean']:.3f}" + ("" if row["sd"] is None else f" ± {row['sd']:.3f}")


def _is_number(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def finite(value: float | None) -> float | None:
    """A number, or None where it is not finite."""
    return value if _is_number(value) else None


def short(value: float | None) -> str:
    """A number with two decimals, or `nothing`."""
    return f"{value:.2f}" if _is_number(value) else "nothing"


def listed(parts: Iterable[str]) -> str:
    """Parts of an alternative text as one sentence."""
    return "; ".join(parts) + "."
