"""The section that links to the pages of explanations."""

from emotion_grid.evaluation.results import Results


def explanations(results: Results) -> list[str]:
    """Links to the pages of explanations beside the report: those that are there, and the one that the study is about to make."""
    coming = {"best": results.best["run"]}.get(results.plan["explained"], results.plan["explained"])
    pages = {run: f"explanations/{run}/explanation.html" for run in results.runs["run"]}
    return [page for run, page in pages.items() if run == coming or (results.home / page).is_file()]
