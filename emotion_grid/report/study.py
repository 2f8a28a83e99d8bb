"""The report of a study: one HTML page."""

from emotion_grid.evaluation.results import Results
from emotion_grid.report.page import render
from emotion_grid.report.sections.curves import curves_section
from emotion_grid.report.sections.data import data_section, read_checks
from emotion_grid.report.sections.effects import effects_section
from emotion_grid.report.sections.errors import errors_section
from emotion_grid.report.sections.explanations import explanations
from emotion_grid.report.sections.headline import cards, headline, warnings
from emotion_grid.report.sections.labels import labels_section
from emotion_grid.report.sections.provenance import provenance
from emotion_grid.report.sections.runs import runs_section
from emotion_grid.report.sections.settings import settings_section
from emotion_grid.report.verdicts import against_rival, against_settings, read_comparison


def report_page(results: Results) -> str:
    """The page."""
    checks, comparison = read_checks(results), read_comparison(results)
    effects = effects_section(results, comparison)
    top = headline(results)
    return render(
        "report.html.j2",
        "report.js",
        title=results.plan["title"],
        experiment=results.plan["experiment"],
        folds=results.plan["folds"],
        judge=results.split_name(results.judge),
        is_selected=results.judge == "validation",
        score_name=results.score_name,
        runs=len(results.runs),
        headline=top,
        cards=cards(results, checks),
        warnings=warnings(results, checks),
        rival=against_rival(comparison, top["rival"]),
        others=against_settings(comparison, results),
        unrepeated=bool((results.settings.loc[results.settings["kind"] == "run", "runs"] < 2).all()),
        settings=settings_section(results, comparison),
        effects=effects,
        curves=curves_section(results),
        labels=labels_section(results),
        errors=errors_section(results),
        table=runs_section(results, comparison),
        data=data_section(results, checks),
        explained=explanations(results),
        provenance=provenance(results),
    )
