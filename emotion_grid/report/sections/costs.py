"""The section of costs: the score of each setting against its training time and its trainable parameters."""

from emotion_grid.evaluation.results import finite_or_none
from emotion_grid.evaluation.settings import setting_columns
from emotion_grid.report.figure import Figure
from emotion_grid.report.figures.costs import costs_figure
from emotion_grid.report.header.headline import best_baseline
from emotion_grid.report.reading import Study

NAME, TITLE, TEMPLATE = "costs", "Cost and score", "sections/costs.html.j2"

COSTS = {
    "train_seconds": ("training time", "training time in seconds, mean over runs", ",.3~r"),
    "trainable_parameters": ("trainable parameters", "trainable parameters", "~s"),
}
"""What is drawn, with its name, the title of its axis and how the axis writes numbers."""


def build(study: Study) -> dict | None:
    """A figure for each kind of cost that settings have; None if they have none."""
    results = study.results
    settings = results.settings[results.settings["kind"] == "run"]
    axes = setting_columns(results.plan)
    means = results.runs.groupby(axes, sort=False)[list(COSTS)].mean().reset_index()
    settings = settings.merge(means, on=axes, how="left").set_index(settings.index)
    best, baseline = results.setting_of(results.best).name, best_baseline(results)
    line = None if baseline is None else finite_or_none(results.setting_of(baseline)[f"{results.score}_mean"])
    figures = []
    for column, (name, title, form) in COSTS.items():
        rows = [
            {
                "label": results.label(row, repetitions=False),
                "kind": "best" if place == best else "run",
                "cost": finite_or_none(row[column]),
                "score": finite_or_none(row[f"{results.score}_mean"]),
            }
            for place, row in settings.iterrows()
        ]
        rows = [row for row in rows if row["cost"] and row["score"] is not None]
        if rows:
            figures.append({"name": name, "figure": costs_figure(rows, title, form, results.score_name, line)})
    if not figures:
        return None
    return {"figures": figures, "baseline": None if line is None or baseline is None else baseline["encoder"]}


def figures(study: Study) -> dict[str, Figure]:
    """Each cost."""
    found = build(study) or {"figures": []}
    return {f"cost-{one['name']}": one["figure"] for one in found["figures"]}
