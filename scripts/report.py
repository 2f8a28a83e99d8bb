"""Write the report: one HTML page that opens anywhere, without a connection.

Reads plan.json and the tables of an experiment (summary.csv, settings.csv, metrics.csv, comparison.csv), the checks of its data, the
histories of its runs and the predictions of the best; writes report.html. The best run is the best by validation; what was selected on says so.
"""

import sys
from pathlib import Path

from scripts.lib.answer import cards, headline, warnings
from scripts.lib.cli import log, program_parser, run_program
from scripts.lib.data_checks import data_section, read_checks
from scripts.lib.differences import against_rival, against_settings, read_comparison
from scripts.lib.files import write_text
from scripts.lib.page import render
from scripts.lib.provenance import provenance
from scripts.lib.results import Results, read_results
from scripts.lib.run_table import run_table
from scripts.lib.sections import curves_section, effects_section, errors_section, labels_section, settings_section


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
        table=run_table(results, comparison),
        data=data_section(results, checks),
        explained=explanations(results),
        provenance=provenance(results),
    )


def explanations(results: Results) -> list[str]:
    """Links to the pages of explanations beside the report: those that are there, and the one that the study is about to make."""
    coming = {"best": results.best["run"]}.get(results.plan["explained"], results.plan["explained"])
    pages = {run: f"explanations/{run}/explanation.html" for run in results.runs["run"]}
    return [page for run, page in pages.items() if run == coming or (results.home / page).is_file()]


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of the experiment's results")
    home = parser.parse_args().results
    write_text(home / "report.html", report_page(read_results(home)))
    log(f"{home / 'report.html'}")


if __name__ == "__main__":
    sys.exit(run_program(main))
