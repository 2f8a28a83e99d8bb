"""The report's table of all runs."""

from emotion_grid.base.numbers import duration
from emotion_grid.data.splits import SPLITS
from emotion_grid.evaluation.contrasts import HIGHER, LOWER, SAME, UNTESTED
from emotion_grid.evaluation.results import cell_words, finite_or_none, score_of, words_of
from emotion_grid.report.reading import Study
from emotion_grid.report.verdicts import against_best

NAME, TITLE, TEMPLATE = "all", "All runs", "sections/runs.html.j2"

OVERALL_TITLES = {"micro_f1": "micro-F1", "weighted_f1": "weighted F1", "subset_accuracy": "subset accuracy"}

VERDICTS = {LOWER: "significantly lower", HIGHER: "significantly higher", SAME: SAME, UNTESTED: UNTESTED}
"""What the table says of a row, by the verdict from the row's own side."""


def build(study: Study) -> dict:
    """Every run, baseline and other prediction, best by validation first.

    Each cell has `text`, `value` to sort by (None where it sorts by its text) and `small`, an interval or a verdict.
    """
    results = study.results
    splits = [split for split in SPLITS if f"{split}_macro_f1" in results.summary]
    axes = results.axis_columns
    if "encoder" not in axes:
        axes.insert(0, "encoder")
    axes += [name for name in results.plan["repetitions"] if results.runs[name].nunique() > 1]
    overall = [name for name in OVERALL_TITLES if f"{results.judge}_{name}" in results.summary]
    compared = against_best(study.comparison)
    titles = [
        *(words_of(name) for name in axes),
        *(f"{results.split_name(split)} macro-F1" for split in splits),
        *(f"{results.split_name(results.judge)} {OVERALL_TITLES[name]}" for name in overall),
        *(["difference from the best"] if compared else []),
        "trainable parameters",
        "training time",
    ]
    table = results.summary.sort_values("validation_macro_f1", ascending=False, kind="stable", na_position="last")
    rank, rows = 0, []
    for _, row in table.iterrows():
        rank += row["kind"] == "run"
        cells = [
            *(_text(cell_words(row, name)) for name in axes),
            *(_interval(score_of(row, split)) for split in splits),
            *(_number(row[f"{results.judge}_{name}"], "{:.3f}") for name in overall),
            *([_difference(compared.get(results.label(row, repetitions=False)))] if compared else []),
            _number(row["trainable_parameters"], "{:,.0f}"),
            _cell(duration(row["train_seconds"]), finite_or_none(row["train_seconds"])),
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
        "compared": bool(compared),
    }


def _text(value: str) -> dict:
    """A cell of an axis; numbers sort as numbers."""
    try:
        return _cell(value, finite_or_none(float(value)))
    except ValueError:
        return _cell(value, None)


def _number(value: float, form: str) -> dict:
    number = finite_or_none(value)
    return _cell("" if number is None else form.format(number), number)


def _difference(compared: tuple[float, str] | None) -> dict:
    """A row's difference from the best run's setting with its verdict; empty for the runs of that setting itself."""
    if compared is None:
        return _cell("", None)
    difference, verdict = compared
    return _cell(f"{difference:+.3f}", difference, VERDICTS[verdict])


def _cell(text: str, value: float | None, small: str = "") -> dict:
    return {"text": text, "value": value, "small": small}


def _interval(score: dict) -> dict:
    if score["value"] is None:
        return _cell("", None)
    between = score["caution"] if score["low"] is None else f"{score['low']:.3f}–{score['high']:.3f}"
    return _cell(f"{score['value']:.3f}", score["value"], between)
