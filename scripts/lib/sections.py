"""What the report and the paper show of an experiment: its settings, axes, labels, errors and learning curves, each with its figures."""

import math

import pandas as pd

from scripts.lib import error_plots, plots
from scripts.lib.comparison import SAME
from scripts.lib.differences import EMPTY, axis_findings, told_apart
from scripts.lib.errors import (
    by_count,
    by_length,
    calibration,
    calibration_error,
    confusion,
    mistakes,
    read_predicted,
    threshold_curves,
    together,
)
from scripts.lib.results import Results, folder_of, number, read_numbers

MOST_SETTINGS = 40
MOST_CURVES = 12
MOST_PAIRS = 6
"""How many settings and runs have a place in the figures (the best by validation), and how many pairs of an axis's levels in the text."""

METRICS = {"f1": "F1", "precision": "precision", "recall": "recall"}


def settings_section(results: Results, comparison: pd.DataFrame) -> dict:
    """The figure of all settings; of very many, those that are best by validation."""
    verdicts = told_apart(comparison)
    table = results.settings.assign(place=range(len(results.settings)))
    table = table[table[f"{results.score}_mean"].notna()]
    runs, others = table[table["kind"] == "run"], table[table["kind"] != "run"]
    shown = runs.nlargest(MOST_SETTINGS, "validation_macro_f1_mean")
    best = results.setting_of(results.best).name
    rows = [
        {
            "label": results.label(row, repetitions=False),
            "kind": "best" if row.name == best else row["kind"],
            "mean": row[f"{results.score}_mean"],
            "sd": number(row[f"{results.score}_sd"]),
            "same": verdicts.get(results.label(row, repetitions=False)) == SAME,
        }
        for _, row in pd.concat([shown, others]).sort_values(f"{results.score}_mean", ascending=False).iterrows()
    ]
    return {
        "wide": plots.settings_figure(rows, results.score_name),
        "narrow": plots.settings_figure(rows, results.score_name, narrow=True),
        "kinds": {row["kind"] for row in rows},
        "shown": len(shown),
        "all": len(runs),
        "repeated": bool((table["runs"] > 1).any()),
        "same": any(row["same"] for row in rows),
    }


def effects_section(results: Results, comparison: pd.DataFrame) -> list[dict]:
    """An axis after the other, real differences first: the scores of its levels, and which levels can be told apart."""
    settings = results.settings[results.settings["kind"] == "run"].rename(columns={f"{results.score}_mean": "score"})
    settings = settings[settings["score"].notna()]
    domain, axes = plots.score_domain(settings["score"]), {axis.name: axis for axis in results.axes}
    found = []
    for finding in axis_findings(comparison, results.axes):
        axis = axes[finding["name"]]
        levels = [
            {"level": level or EMPTY, "scores": settings.loc[settings[axis.column] == level, "score"].tolist()}
            for level in axis.levels
        ]
        levels = [entry for entry in levels if entry["scores"]]
        figure = plots.levels_figure(levels, domain, results.score_name, axis.name)
        found.append({**finding, "figure": figure, "shown": finding["pairs"][:MOST_PAIRS]})
    return found


def curves_section(results: Results) -> dict:
    """Curves of the runs that are best by validation."""
    runs = results.runs.sort_values("validation_macro_f1", ascending=False, kind="stable")
    histories = {}
    for run in runs["run"].head(MOST_CURVES):
        path = folder_of(results, run) / "history.csv"
        table = read_numbers(path, set()) if path.is_file() else pd.DataFrame()
        if len(table):
            histories[run] = table.to_dict("records")
    losses = [
        number(row[name]) for rows in histories.values() for row in rows for name in ("train_loss", "validation_loss")
    ]
    top = math.ceil(max((loss for loss in losses if loss is not None), default=1) * 10 + 0.1) / 10
    figures = []
    for _, row in runs[runs["run"].isin(histories)].iterrows():
        label, epoch = results.label(row), number(row["best_epoch"])
        history = [{**entry, "epoch": int(entry["epoch"])} for entry in histories[row["run"]]]
        figure = plots.curves_figure(history, None if epoch is None else int(epoch), [0, top], label)
        figures.append({"label": label, "best": row["run"] == results.best["run"], "figure": figure})
    return {"figures": figures, "all": len(runs)}


def labels_section(results: Results) -> dict:
    """Precision, recall and F1 of each label for the best run."""
    metrics = read_numbers(results.home / "metrics.csv", {"run", "split", "threshold", "metric", "label"})
    run = metrics[(metrics["run"] == results.best["run"]) & (metrics["split"] == results.judge)]
    run = run[(run["threshold"] == "tuned") & (run["label"] != "")].set_index(["metric", "label"])
    names = {**METRICS, "average_precision": "average precision"}
    found = {
        metric: [
            {"label": label, **{part: number(run.loc[(metric, label), part]) for part in ("value", "low", "high")}}
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
            {"name": words, "figure": plots.parts_figure(found[metric], words, "label")}
            for metric, words in METRICS.items()
            if found[metric]
        ],
        "columns": list(names.values()),
        "rows": [
            {"label": label, "threshold": threshold, "cells": [cells[metric].get(label) for metric in names]}
            for label, threshold in zip(results.plan["labels"], thresholds, strict=True)
        ],
    }


def errors_section(results: Results) -> dict:
    """Where the best run is wrong on the split that judges."""
    found, how = read_predicted(results, results.best["run"]), results.plan["evaluation"]
    rows, pairs = confusion(found), together(found)
    groups = (
        ("macro-F1", "text length", by_length(found, how["bootstrap"], how["confidence"])),
        ("all labels right", "number of gold labels", by_count(found, how["bootstrap"], how["confidence"])),
    )
    return {
        "texts": len(found.gold),
        "wrong": int((found.gold != found.given).any(1).sum()),
        "confusion": error_plots.confusion_figure(rows),
        "counts": rows,
        "together": {kind: error_plots.together_figure(pairs, kind, found.labels) for kind in ("gold", "predicted")},
        "missed": mistakes(found, "missed"),
        "wrongly": mistakes(found, "wrong"),
        "groups": [
            {"name": f"{metric} by {of}", "figure": plots.parts_figure(part, metric, of)} for metric, of, part in groups
        ],
        "calibration": error_plots.calibration_figure(calibration(found)),
        "calibration_errors": [
            {"label": label, "error": calibration_error(found.probabilities[:, place], found.gold[:, place])}
            for place, label in enumerate(found.labels)
        ],
        "thresholds": error_plots.thresholds_figure(threshold_curves(found), found.thresholds.tolist()),
    }
