"""The section that links to the pages of explanations."""

from emotion_grid.report.reading import Study

NAME, TITLE, TEMPLATE = "explanations", "Explanations", "sections/explanations.html.j2"


def build(study: Study) -> dict | None:
    """Links to the pages of explanations beside the report: those that are there, and the one that the study is about to make."""
    results = study.results
    coming = {"best": results.best["run"]}.get(results.plan["explained"], results.plan["explained"])
    pages = {run: f"explanations/{run}/explanation.html" for run in results.runs["run"]}
    links = [page for run, page in pages.items() if run == coming or (results.home / page).is_file()]
    return {"links": links} if links else None
