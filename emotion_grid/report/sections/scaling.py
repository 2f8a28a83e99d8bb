"""The section of scaling laws: how the error falls along numeric axes, and what doubling would bring."""

from emotion_grid.base.integrity import read_record
from emotion_grid.base.layout import COMPARISON_RECORD
from emotion_grid.evaluation.scaling import SCALING
from emotion_grid.report.figure import Figure
from emotion_grid.report.figures.scaling import scaling_figure
from emotion_grid.report.reading import Study

NAME, TITLE, TEMPLATE = "scaling", "Scaling", "sections/scaling.html.j2"

MOST_LAWS = 6
"""Laws that are shown; of more, the rest is counted."""


def build(study: Study) -> dict | None:
    """The laws, each with a figure and a sentence; None if no numeric axis has four levels."""
    laws = read_laws(study)
    if not laws:
        return None
    shown = [
        {**law, "figure": _figure(study, law), "sentence": sentence(law, study.confidence)} for law in laws[:MOST_LAWS]
    ]
    return {"laws": shown, "more": len(laws) - len(shown)}


def read_laws(study: Study) -> list[dict]:
    """The laws that the step of comparisons found."""
    laws: list[dict] = read_record(study.results.home / COMPARISON_RECORD)[0].get(SCALING, [])
    return laws


def sentence(law: dict, confidence: str) -> str:
    """What doubling would bring, with its interval, or that the data do not allow to say so.

    Args:
        confidence: coverage of the interval, in words.
    """
    if law["why_not"]:
        return f"The data do not allow to say what doubling the {law['name']} would bring: {law['why_not']}."
    doubling, errors = law["doubling"], law["cross_validation"]
    line = (
        " At levels that were left out, a straight line in the logarithm is closer than the law."
        if errors["line"] < errors["law"]
        else ""
    )
    return (
        f"Doubling the {law['name']} from {doubling['from']:,.0f} to {doubling['to']:,.0f} would raise macro-F1 by about {doubling['gain']:.3f} "
        f"({confidence} interval: {doubling['low']:.3f} to {doubling['high']:.3f}), if the law holds that far.{line}"
    )


def figures(study: Study) -> dict[str, Figure]:
    """Each law that is shown."""
    laws = read_laws(study)[:MOST_LAWS]
    return {f"scaling-{number}": _figure(study, law) for number, law in enumerate(laws, 1)}


def _figure(study: Study, law: dict) -> Figure:
    return scaling_figure(law, f"1 − macro-F1 on {study.judge}")
