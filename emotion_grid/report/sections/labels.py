"""The section of labels: precision, recall and F1 of each for the best run."""

import pandas as pd

from emotion_grid.evaluation.intervals import FEWEST, too_few
from emotion_grid.evaluation.results import finite_or_none, read_metrics
from emotion_grid.report.figure import Figure
from emotion_grid.report.figures.parts import parts_figure
from emotion_grid.report.reading import Study

NAME, TITLE, TEMPLATE = "labels", "Labels", "sections/labels.html.j2"

METRICS = {"f1": "F1", "precision": "precision", "recall": "recall"}
"""The metrics that are drawn, with their names."""


def build(study: Study) -> dict:
    """Precision, recall and F1 of each label for the best run, as figures and as a table with its thresholds."""
    results = study.results
    metrics = read_metrics(results.home)
    run = metrics[(metrics["run"] == results.best["run"]) & (metrics["split"] == results.judge)]
    run = run[(run["threshold"] == "tuned") & (run["label"] != "")].set_index(["metric", "label"])
    names = {**METRICS, "average_precision": "average precision"}
    counts = {
        name: dict(zip(results.plan["labels"], matrix.sum(axis=0).tolist(), strict=True))
        for name, matrix in (("gold", study.predictions.gold), ("predicted", study.predictions.predicted))
    }
    scores = {
        metric: [
            {
                "label": label,
                **{part: finite_or_none(run.loc[(metric, label), part]) for part in ("value", "low", "high")},
                "caution": _caution(metric, counts["gold"][label], counts["predicted"][label]),
            }
            for label in results.plan["labels"]
            if (metric, label) in run.index
        ]
        for metric in names
    }
    cells = {metric: {row["label"]: row for row in rows} for metric, rows in scores.items()}
    return {
        "run": results.label(results.best),
        "fewest": FEWEST,
        "cautions": any(row["caution"] for rows in scores.values() for row in rows),
        "figures": [
            {"name": words, "figure": parts_figure(scores[metric], words, "label")}
            for metric, words in METRICS.items()
            if scores[metric]
        ],
        "partly": not study.predictions.known.all(),
        "columns": list(names.values()),
        "rows": [
            {
                "label": label,
                "texts": counts["gold"][label],
                "of": "" if known == len(study.predictions.known) else f" of {known}",
                "threshold": f"{threshold:g}",
                "cells": [cells[metric].get(label) for metric in names],
            }
            for label, threshold, known in zip(
                results.plan["labels"],
                study.predictions.thresholds,
                study.predictions.known.sum(axis=0).tolist(),
                strict=True,
            )
        ],
    }


def _caution(metric: str, positives: int, predicted: int) -> str:
    """Why a label's score has no interval: average precision never has one, and says nothing."""
    if metric not in METRICS:
        return ""
    return too_few(predicted, "predicted") if metric == "precision" else too_few(positives, "positives")


def tables(study: Study) -> dict[str, tuple[pd.DataFrame, str]]:
    """A row for each label of the best run: its scores and its threshold."""
    content = build(study)
    rows = []
    for row in content["rows"]:
        cells = {
            name: "" if cell is None else f"{cell['value']:.3f}"
            for name, cell in zip(content["columns"], row["cells"], strict=True)
        }
        texts = f"{row['texts']}{row['of']}"
        rows.append({"label": row["label"], "texts": texts, **cells, "threshold": row["threshold"]})
    caption = (
        f"The best run's scores on {study.judge_of_best}, label by label, with the number of texts with the gold label"
        f"{' of those that are annotated for it' if content['partly'] else ''}.{study.caution}"
    )
    return {"labels": (pd.DataFrame(rows), caption)}


def figures(study: Study) -> dict[str, Figure]:
    """Each metric by label."""
    return {f"labels-{figure['name']}": figure["figure"] for figure in build(study)["figures"]}
