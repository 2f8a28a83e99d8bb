"""The section of loss curves."""

import math

import pandas as pd

from emotion_grid.base.integrity import expect_whole
from emotion_grid.data.splits import HISTORY, PROVENANCE
from emotion_grid.evaluation.results import finite_or_none, folder_of, read_numbers
from emotion_grid.report.figures.curves import curves_figure
from emotion_grid.report.reading import Study

NAME, TITLE, TEMPLATE = "curves", "Loss curves", "sections/curves.html.j2"

MOST_CURVES = 12
"""Runs whose curves are shown."""


def build(study: Study) -> dict | None:
    """Curves of the runs that are best by validation; None if no run has left any."""
    results = study.results
    runs = results.runs.sort_values("validation_macro_f1", ascending=False, kind="stable")
    histories = {}
    for run in runs["run"].head(MOST_CURVES):
        path = folder_of(results, run) / HISTORY
        expect_whole({path.with_name(PROVENANCE): [HISTORY]})
        table = read_numbers(path, set()) if path.is_file() else pd.DataFrame()
        if len(table):
            histories[run] = table.to_dict("records")
    if not histories:
        return None
    losses = [
        finite_or_none(row[name])
        for rows in histories.values()
        for row in rows
        for name in ("train_loss", "validation_loss")
    ]
    top = math.ceil(max((loss for loss in losses if loss is not None), default=1) * 10 + 0.1) / 10
    figures = []
    for _, row in runs[runs["run"].isin(histories)].iterrows():
        label, epoch = results.label(row), finite_or_none(row["best_epoch"])
        history = [{**entry, "epoch": int(entry["epoch"])} for entry in histories[row["run"]]]
        figure = curves_figure(history, None if epoch is None else int(epoch), [0, top], label)
        figures.append({"label": label, "best": row["run"] == results.best["run"], "figure": figure})
    return {"figures": figures, "all": len(runs)}
