"""The section of labels: precision, recall and F1 of each for the best run."""

from emotion_grid.evaluation.results import Results, finite_or_none, read_numbers
from emotion_grid.report.figure import parts_figure

METRICS = {"f1": "F1", "precision": "precision", "recall": "recall"}


def labels_section(results: Results) -> dict:
    """Precision, recall and F1 of each label for the best run."""
    metrics = read_numbers(results.home / "metrics.csv", {"run", "split", "threshold", "metric", "label"})
    run = metrics[(metrics["run"] == results.best["run"]) & (metrics["split"] == results.judge)]
    run = run[(run["threshold"] == "tuned") & (run["label"] != "")].set_index(["metric", "label"])
    names = {**METRICS, "average_precision": "average precision"}
    found = {
        metric: [
            {
                "label": label,
                **{part: finite_or_none(run.loc[(metric, label), part]) for part in ("value", "low", "high")},
            }
            for label in results.plan["labels"]
            if (metric, label) in run.index
        ]
        for metric in names
    }
    thresholds = results.best["threshold"].split()
    if len(thresholds) == 1:
        thresholds *= len(results.plan["labels"])
    cells = {metric: {row["label"]: row for row in rows} for metric, rows in found.items()}
    return {
        "figures": [
            {"name": words, "figure": parts_figure(found[metric], words, "label")}
            for metric, words in METRICS.items()
            if found[metric]
        ],
        "columns": list(names.values()),
        "rows": [
            {"label": label, "threshold": threshold, "cells": [cells[metric].get(label) for metric in names]}
            for label, threshold in zip(results.plan["labels"], thresholds, strict=True)
        ],
    }
