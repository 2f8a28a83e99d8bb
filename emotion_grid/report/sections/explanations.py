"""The section that links to the pages of explanations, or says why there is none."""

from emotion_grid.report.reading import Study

NAME, TITLE, TEMPLATE = "explanations", "Explanations", "sections/explanations.html.j2"


def build(study: Study) -> dict | None:
    """Links to the pages of explanations beside the report: those that are there, and the one that the study is about to make.

    If the encoder of the run to explain is unfit for it, `reason` says why there is no such page.
    """
    results = study.results
    wanted = {"best": results.best["run"]}.get(results.plan["explained"], results.plan["explained"])
    reason = study.why_unexplained(wanted) if wanted else ""
    coming = None if reason else wanted
    pages = {run: f"explanations/{run}/explanation.html" for run in results.runs["run"]}
    links = [page for run, page in pages.items() if run == coming or (results.home / page).is_file()]
    return {"links": links, "run": wanted, "reason": reason} if links or reason else None
