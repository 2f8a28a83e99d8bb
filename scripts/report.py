"""Write the report: one HTML page that opens anywhere, without a connection.

Reads plan.json and the tables of an experiment (summary.csv, settings.csv, metrics.csv, comparison.csv), the checks of its data, the
histories of its runs and the predictions of the best; writes report.html. The best run is the best by validation; what was selected on says so.
"""

import math
import sys
from pathlib import Path

import pandas as pd

from scripts.lib import error_plots, plots
from scripts.lib.cli import log, program_parser, run_program
from scripts.lib.comparison import SAME
from scripts.lib.differences import EMPTY, against_rival, against_settings, axis_findings, read_comparison, told_apart
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
from scripts.lib.files import read_json, write_text
from scripts.lib.page import render
from scripts.lib.provenance import provenance
from scripts.lib.results import Results, folder_of, number, read_numbers, read_results, words_of
from scripts.lib.splits import SPLITS
from scripts.lib.tables import REPETITIONS

MOST_SETTINGS = 40
MOST_CURVES = 12
MOST_PAIRS = 6
"""How many settings and runs have a place in the figures (the best by validation), and how many pairs of an axis's levels in the text."""

METRICS = {"f1": "F1", "precision": "precision", "recall": "recall"}
OVERALL = {"micro_f1": "micro-F1", "weighted_f1": "weighted F1", "subset_accuracy": "subset accuracy"}


def headline(results: Results) -> dict:
    """The answer: the best run's scores beside the best baseline's, split by split."""
    best, rival = results.best, _rival(results)
    splits = [split for split in ("dev", "test", "validation") if number(best.get(f"{split}_macro_f1")) is not None]
    return {
        "best": results.label(best),
        "run": best["run"],
        "rival": None if rival is None else rival["encoder"],
        "scores": [
            {
                "split": results.split_name(split),
                "selected": split == "validation",
                "best": _score_of(best, split),
                "rival": None if rival is None else _score_of(rival, split),
            }
            for split in splits
        ],
        "confidence": f"{100 * results.plan['evaluation']['confidence']:g}%",
        "settings": _headline_settings(results, rival),
    }


def _rival(results: Results) -> pd.Series | None:
    """The best baseline by validation, of the best run's fold; None without baselines."""
    table, best = results.summary, results.best
    baselines = table[(table["kind"] == "baseline") & (table["fold"] == best["fold"])]
    return None if baselines.empty else baselines.loc[baselines["validation_macro_f1"].fillna(-1).idxmax()]


def _score_of(row: pd.Series, split: str) -> dict:
    """Macro-F1 of a split with its interval."""
    name = f"{split}_macro_f1"
    return {
        "value": number(row.get(name)),
        "low": number(row.get(f"{name}_low")),
        "high": number(row.get(f"{name}_high")),
    }


def _headline_settings(results: Results, rival: pd.Series | None) -> dict | None:
    """Mean and spread over seeds and folds: of the best run's setting, of the baseline, of the best setting if that is another."""
    own = results.setting_of(results.best)
    if own["runs"] < 2:
        return None
    settings = results.settings[results.settings["kind"] == "run"]
    leader = settings.loc[settings["validation_macro_f1_mean"].idxmax()]
    return {
        "own": _mean_of(results, own),
        "rival": None if rival is None else _mean_of(results, results.setting_of(rival)),
        "leader": None if leader.name == own.name else _mean_of(results, leader),
    }


def _mean_of(results: Results, setting: pd.Series) -> dict:
    return {
        "label": results.label(setting, repetitions=False),
        "runs": int(setting["runs"]),
        "mean": number(setting[f"{results.score}_mean"]),
        "sd": number(setting[f"{results.score}_sd"]),
    }


def cards(results: Results, checks: dict[str, dict]) -> list[dict]:
    """The study in a few figures."""
    runs, others = results.runs, results.summary[results.summary["kind"] != "run"]
    settings = int((results.settings["kind"] == "run").sum())
    labels = results.plan["labels"]
    found = [
        _card(f"{len(runs):,}", "run", len(runs), f"of {settings:,} settings, and {len(others)} rows to compare with"),
        _card(f"{len(labels)}", "label", len(labels), ", ".join(labels)),
    ]
    if checks:
        counts = {results.split_name(split): _row_counts(checks, split) for split in SPLITS}
        note = ", ".join(f"{count} {name}" for name, count in counts.items() if count != "0")
        found.append(_card(_row_counts(checks, "train"), "training row", 2, note))
    return [*found, _card(duration(runs["train_seconds"].sum()), "of training", 1, "all runs, one after another")]


def _card(value: str, title: str, count: int, note: str) -> dict:
    return {"value": value, "title": title + "s" * (count != 1), "note": note}


def _row_counts(checks: dict[str, dict], split: str) -> str:
    return _span([found["prepared"][split]["rows"] for found in checks.values()])


def _span(values: list[float]) -> str:
    """One number, or the range over folds."""
    if not values:
        return ""
    low, high = min(values), max(values)
    return f"{low:,g}" if low == high else f"{low:,g}–{high:,g}"


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever reads best."""
    if not math.isfinite(seconds):
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:,.1f} h"


def read_checks(results: Results) -> dict[str, dict]:
    """checks.json of all data of the plan, by folder."""
    keys = dict.fromkeys(row["data"] for row in results.plan["rows"])
    paths = {key: results.home / "data" / key / "checks.json" for key in keys}
    return {key: read_json(path) for key, path in paths.items() if path.is_file()}


def warnings(results: Results, checks: dict[str, dict]) -> list[str]:
    """What a reader has to know before believing the figures."""
    found = [_of_fold(results, key) + text for key, one in checks.items() for text in one["warnings"]]
    overlaps = [one["overlaps"] for key, one in checks.items() if "overlaps" not in _dropped_kinds(results, key)]
    if any(overlaps):
        found.append(
            f"{max(overlaps):,} texts of train stand in dev or test, too, and were not dropped: scores there may be too good "
            "(data.drop: [overlaps] drops them)."
        )
    older = results.summary[results.summary["older"] != ""]
    for parts, rows in older.groupby("older"):
        found.append(
            f"{len(rows)} of {len(results.runs)} runs are results of an older {parts.replace(' ', ' and ')}; the table marks them."
        )
    found += [
        f"The best run never gives the label {label} on {results.split_name(results.judge)}."
        for label, is_given in zip(
            results.plan["labels"], read_predicted(results, results.best["run"]).given.any(0), strict=True
        )
        if not is_given
    ]
    rival = _rival(results)
    if rival is not None and rival[results.score] >= results.best[results.score]:
        found.append(
            f"On {results.split_name(results.judge)} the best run is no better than the baseline {rival['encoder']}."
        )
    return list(dict.fromkeys(found))


def _of_fold(results: Results, key: str) -> str:
    folds = {row["columns"].get("fold") for row in results.plan["rows"] if row["data"] == key} - {None}
    return f"Fold {', '.join(str(fold) for fold in sorted(folds))}: " if folds else ""


def _dropped_kinds(results: Results, key: str) -> list[str]:
    path = results.home / "data" / key / "spec.json"
    return read_json(path)["drop"] if path.is_file() else []


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


def table_section(results: Results, comparison: pd.DataFrame) -> dict:
    """Every run, baseline and other prediction, best by validation first.

    Each cell has `text`, `value` to sort by (None where it sorts by its text) and `between`, the interval.
    """
    splits = [split for split in SPLITS if f"{split}_macro_f1" in results.summary]
    axes = [axis.column for axis in results.axes] or ["encoder"]
    if "encoder" not in axes:
        axes.insert(0, "encoder")
    axes += [name for name in REPETITIONS if results.runs[name].nunique() > 1]
    overall = [name for name in OVERALL if f"{results.judge}_{name}" in results.summary]
    verdicts = told_apart(comparison)
    titles = [
        *(words_of(name) for name in axes),
        *(f"{results.split_name(split)} macro-F1" for split in splits),
        *(f"{results.split_name(results.judge)} {OVERALL[name]}" for name in overall),
        *(["against the best"] if verdicts else []),
        "parameters trained",
        "training time",
    ]
    table = results.summary.sort_values("validation_macro_f1", ascending=False, kind="stable", na_position="last")
    rank, rows = 0, []
    for _, row in table.iterrows():
        rank += row["kind"] == "run"
        cells = [
            *(_text(row[name]) for name in axes),
            *(_interval(_score_of(row, split)) for split in splits),
            *(_number(row[f"{results.judge}_{name}"], "{:.3f}") for name in overall),
            *([_cell(verdicts.get(results.label(row, repetitions=False), ""), None)] if verdicts else []),
            _number(row["trainable_parameters"], "{:,.0f}"),
            _cell(duration(row["train_seconds"]), number(row["train_seconds"])),
        ]
        rows.append(
            {
                **row[["run", "kind", "older"]],
                "best": row["run"] == results.best["run"],
                "rank": rank if row["kind"] == "run" else None,
                "cells": cells,
            }
        )
    numeric = [
        all(cell["value"] is not None for cell in cells if cell["text"])
        for cells in zip(*(row["cells"] for row in rows), strict=True)
    ]
    return {
        "columns": [{"title": title, "numeric": one} for title, one in zip(titles, numeric, strict=True)],
        "rows": rows,
    }


def _text(value: str) -> dict:
    """A cell of an axis; numbers sort as numbers."""
    try:
        return _cell(value, number(float(value)))
    except ValueError:
        return _cell(value, None)


def _number(value: float, form: str) -> dict:
    value = number(value)
    return _cell("" if value is None else form.format(value), value)


def _cell(text: str, value: float | None, between: str = "") -> dict:
    return {"text": text, "value": value, "between": between}


def _interval(score: dict) -> dict:
    if score["value"] is None:
        return _cell("", None)
    between = "" if score["low"] is None else f"{score['low']:.3f}–{score['high']:.3f}"
    return _cell(f"{score['value']:.3f}", score["value"], between)


def data_section(results: Results, checks: dict[str, dict]) -> dict:
    """What prepare found: facts a split, positives a label, and what stands out; ranges over folds."""
    parts: dict[str, list[dict]] = {}
    for split in ("train", *SPLITS):
        found = [one["prepared"][split] for one in checks.values() if one["prepared"][split]["rows"]]
        if found:
            parts[split] = found
    names = {
        "rows": "rows",
        "rows_without_label": "rows without any label",
        "duplicate_texts": "texts that stand twice",
        "words_median": "words, median",
        "words_max": "words, longest",
    }
    findings = {
        "duplicates": "rows of train with the text and labels of an earlier one",
        "contradictions": "rows of train whose text stands there with other labels, too",
        "overlaps": "rows of train whose text stands in dev or test, too",
        "dropped": "rows of train dropped for one of these",
    }
    return {
        "splits": [results.split_name(split) for split in parts],
        "facts": [
            {"name": words, "cells": [_span([one[key] for one in found if key in one]) for found in parts.values()]}
            for key, words in names.items()
        ],
        "positives": [
            {"label": label, "cells": [_share(found, label) for found in parts.values()]}
            for label in results.plan["labels"]
        ],
        "findings": [
            {"name": words, "value": _span([one[key] for one in checks.values()])} for key, words in findings.items()
        ],
    }


def _share(found: list[dict], label: str) -> dict:
    """Positive rows of a label, and their share in percent; empty without gold labels."""
    counts = [(one["positives"][label], one["rows"]) for one in found if "positives" in one]
    if not counts:
        return {"count": "", "share": ""}
    share = 100 * sum(count for count, _ in counts) / sum(rows for _, rows in counts)
    return {"count": _span([count for count, _ in counts]), "share": f"{share:.0f}%"}


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
        table=table_section(results, comparison),
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
