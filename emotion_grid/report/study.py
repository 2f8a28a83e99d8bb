"""The report of a study: one HTML page, a header and a list of sections."""

from pathlib import Path

from emotion_grid.evaluation.results import Results
from emotion_grid.report.header.cards import cards
from emotion_grid.report.header.facts import facts
from emotion_grid.report.header.findings import findings
from emotion_grid.report.header.headline import headline
from emotion_grid.report.header.warnings import warnings
from emotion_grid.report.page import render
from emotion_grid.report.reading import read_study
from emotion_grid.report.sections import (
    annotators,
    costs,
    curves,
    data,
    effects,
    ensembles,
    errors,
    explanations,
    labels,
    language_models,
    provenance,
    runs,
    scaling,
    settings,
)

SECTIONS = (
    settings,
    costs,
    effects,
    ensembles,
    scaling,
    labels,
    errors,
    language_models,
    annotators,
    explanations,
    curves,
    runs,
    data,
    provenance,
)
"""The sections in the order of the page; `emotion_grid/report/sections/__init__.py` says what each module declares."""


def report_page(results: Results, cache: Path | None = None) -> str:
    """The page.

    Args:
        cache: folder of what experiments share; without it, nothing is known of encoders.
    """
    study = read_study(results, cache)
    built = [(section, section.build(study)) for section in SECTIONS]
    return render(
        "report.html.j2",
        "report.js",
        title=results.plan["title"],
        study=study,
        facts=facts(study),
        headline=headline(study),
        findings=findings(study),
        cards=cards(study),
        warnings=warnings(study),
        sections=[(section, values) for section, values in built if values is not None],
    )
