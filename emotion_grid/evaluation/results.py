"""The results of an experiment: its tables, the axes that vary, and runs and settings in words."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import expect_whole
from emotion_grid.base.layout import (
    CHECKS,
    COMPARISON_RECORD,
    COMPARISON_TABLE,
    METRICS_TABLE,
    PLAN,
    SETTINGS_TABLE,
    SUMMARY_RECORD,
    SUMMARY_TABLE,
    data_folder,
)
from emotion_grid.data.splits import PREDICTIONS, PROVENANCE
from emotion_grid.data.tables import read_table
from emotion_grid.evaluation.keeping import ALIKE_BELOW
from emotion_grid.evaluation.settings import setting_columns
from emotion_grid.evaluation.thresholds import THRESHOLD_COLUMNS, THRESHOLD_KIND

TOO_FEW = "too few positives for an interval"
"""What stands for the interval of a score that too few texts decide (`emotion_grid/evaluation/intervals.py`)."""

ABOUT = ("title", "note", "tags")
"""Columns of summary.csv that say of each row to which study it belongs."""

EMPTY = "(none)"
"""What stands for an empty cell of an axis: the axis does not apply, or is off."""


@dataclass(frozen=True)
class VaryingAxis:
    """An axis that varies: its column, columns that change together with it, and its levels in the order to show.

    `partners` holds the values of the columns in `together`, in their order, at each level.
    """

    column: str
    together: list[str]
    levels: list[str]
    partners: dict[str, list[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What an effect is ascribed to: all columns that change together, since none of them alone can be called its cause."""
        return named_together([self.column, *self.together])

    def level_name(self, level: str) -> str:
        """A level with the values of the columns that change together with it, such as `16 (epochs 6)`."""
        values = zip(self.together, self.partners.get(level, []), strict=False)
        others = ", ".join(f"{words_of(name)} {level_words(name, value)}" for name, value in values if value)
        own = level_words(self.column, level)
        return f"{own} ({others})" if others else own


@dataclass(frozen=True)
class Results:
    """The plan and tables of an experiment; cells of axes are texts ("" where an axis does not apply), scores are numbers or NaN.

    `judge` is the split on which settings are compared: dev, which in cross-validation is the held-out fold, or validation if there is
    no labelled dev split.
    """

    home: Path
    plan: dict
    summary: pd.DataFrame
    settings: pd.DataFrame
    axes: list[VaryingAxis]
    best: pd.Series
    judge: str

    @property
    def runs(self) -> pd.DataFrame:
        return self.summary[self.summary["kind"] == "run"]

    @property
    def score(self) -> str:
        """The column of the judge's macro-F1."""
        return f"{self.judge}_macro_f1"

    @property
    def axis_columns(self) -> list[str]:
        """The columns that tell settings apart: one for each axis that varies, or the encoder if none does."""
        return [axis.column for axis in self.axes] or ["encoder"]

    def split_name(self, split: str) -> str:
        return "held-out fold" if split == "dev" and self.plan["folds"] else split

    @property
    def score_name(self) -> str:
        return f"macro-F1 on {self.split_name(self.judge)}" + (
            " (used for selection)" if self.judge == "validation" else ""
        )

    def label(self, row: pd.Series, repetitions: bool = True) -> str:
        """A run or a setting in words: its levels of the axes that vary; other rows by their name and those of the axes that they have."""
        columns = self.axis_columns
        if row["kind"] != "run":
            columns = ["encoder", *(name for name in columns if name != "encoder" and row.get(name))]
            columns += ["fold"] if repetitions and row.get("fold") else []
        elif repetitions:
            columns += [name for name in self.plan["repetitions"] if self.runs[name].nunique() > 1]
        bare = ("encoder", "head_type", "freeze")
        parts = [
            cell_words(row, name) if name in bare else f"{words_of(name).removeprefix('head ')} {row[name]}"
            for name in columns
            if row[name]
        ]
        return " · ".join(parts) or row["encoder"]

    def setting_of(self, row: pd.Series) -> pd.Series:
        """The row of settings.csv that a run or a baseline belongs to."""
        columns = ["kind", *setting_columns(self.plan)]
        return self.settings[(self.settings[columns] == row[columns]).all(axis=1)].iloc[0]


def level_words(column: str, level: str) -> str:
    """A level of an axis in words, whatever the other axes' levels are."""
    if column == "freeze":
        return f"{'none' if level == '0' else level} frozen"
    return level or EMPTY


def cell_words(row: pd.Series, column: str) -> str:
    """A row's cell of an axis in words: how much of the encoder is trained depends on LoRA, too."""
    level = row[column]
    if column != "freeze" or not level:
        return level
    if level == "0":
        return "whole encoder trained" if row.get("lora", "none") in ("", "none") else "no layer frozen"
    words = {"half": "half frozen", "all": "encoder frozen", "1": "1 layer frozen"}
    return words.get(level, f"{level} layers frozen")


def named_together(columns: list[str]) -> str:
    """One column's name, or several as one: `batch size and epochs together`."""
    *rest, last = [words_of(name) for name in columns]
    return f"{', '.join(rest)} and {last} together" if rest else last


def words_of(column: str) -> str:
    """A column's name as people read it."""
    return column.replace("_", " ")


def finite_or_none(value: Any) -> float | None:
    """A cell as a number; None where there is none."""
    return None if value is None or not math.isfinite(value) else float(value)


def score_of(row: pd.Series, split: str) -> dict:
    """Macro-F1 of a split with its interval; `caution` says why there is none."""
    name = f"{split}_macro_f1"
    low, high = finite_or_none(row.get(f"{name}_low")), finite_or_none(row.get(f"{name}_high"))
    value = finite_or_none(row.get(name))
    return {"value": value, "low": low, "high": high, "caution": TOO_FEW if value is not None and low is None else ""}


def read_results(home: Path) -> Results:
    """The plan and tables of an experiment's folder.

    Raises:
        InputError: a table that is not as it was written.
    """
    expect_whole({home / SUMMARY_RECORD: None})
    plan = read_json(home / PLAN)
    summary, settings = (_read_scores(home / name, plan) for name in (SUMMARY_TABLE, SETTINGS_TABLE))
    best = summary.set_index("run", drop=False).loc[best_run(summary, plan)]
    judge = "dev" if finite_or_none(best.get("dev_macro_f1")) is not None else "validation"
    runs = summary[summary["kind"] == "run"]
    return Results(home, plan, summary, settings, varying_axes(runs, plan), best, judge)


def read_summary(home: Path) -> pd.DataFrame:
    """summary.csv of an experiment's folder."""
    return _read_scores(home / SUMMARY_TABLE, read_json(home / PLAN))


def _read_scores(path: Path, plan: dict) -> pd.DataFrame:
    return read_numbers(
        path, {"run", "kind", "older", *ABOUT, THRESHOLD_KIND, *THRESHOLD_COLUMNS.values(), *plan["columns"]}
    )


def check_tables(plan: dict, home: Path) -> None:
    """Refuse gold labels and prediction tables that are not as they were written.

    Raises:
        InputError: all that does not match its digest.
    """
    data = dict.fromkeys(data_folder(home, row["data"]) / CHECKS for row in plan["rows"])
    expect_whole({**data, **dict.fromkeys(home / row["folder"] / PROVENANCE for row in plan["rows"])})


def read_numbers(path: Path, texts: set[str]) -> pd.DataFrame:
    """A table, numbers in all columns but `texts`; names such as NA or null stay names."""
    table = read_table(path)
    numbers = [name for name in table.columns if name not in texts]
    table[numbers] = table[numbers].apply(pd.to_numeric, errors="coerce")
    return table


def read_metrics(home: Path) -> pd.DataFrame:
    """metrics.csv of an experiment's folder."""
    return read_numbers(home / METRICS_TABLE, {"run", "split", "threshold", "metric", "label"})


def read_comparison(home: Path) -> pd.DataFrame:
    """comparison.csv of an experiment's folder.

    Raises:
        InputError: it is not as it was written.
    """
    expect_whole({home / COMPARISON_RECORD: None})
    return read_comparisons(home / COMPARISON_TABLE)


def read_comparisons(path: Path) -> pd.DataFrame:
    """A table of comparisons: texts, and numbers or NaN."""
    return read_numbers(path, {"family", "axis", "first", "second", "verdict", "not_held_same"})


def varying_axes(runs: pd.DataFrame, plan: dict) -> list[VaryingAxis]:
    """The axes on which runs differ; columns that change only together (a head's type and its pooling, say) are one axis."""
    axes: dict[tuple, VaryingAxis] = {}
    for name in setting_columns(plan):
        if name in plan["derived"] or runs[name].nunique() < 2:
            continue
        codes, levels = pd.factorize(runs[name])
        if (key := tuple(codes)) in axes:
            axis = axes[key]
            axis.together.append(name)
            for level, partner in dict(zip(runs[axis.column], runs[name], strict=True)).items():
                axis.partners.setdefault(level, []).append(partner)
        else:
            axes[key] = VaryingAxis(name, [], _ordered(list(levels)))
    return list(axes.values())


def _ordered(levels: list[str]) -> list[str]:
    """Levels by size where all are numbers, else in the order of the plan; the empty one last."""
    named = [level for level in levels if level]
    try:
        named.sort(key=float)
    except ValueError:
        pass
    return named + [""] * ("" in levels)


def folder_of(results: Results, run: str) -> Path:
    """A run's folder, from the plan."""
    return results.home / next(row["folder"] for row in results.plan["rows"] if row["run"] == run)


def best_run(summary: pd.DataFrame, plan: dict) -> str:
    """The best run of the best setting by validation macro-F1 (at the thresholds tuned there); the first among equals.

    The best setting is the one with the best mean over its seeds and folds: a single best run owes more to luck.
    """
    runs = summary[summary["kind"] == "run"]
    scores = runs["validation_macro_f1"]
    means = scores.groupby([runs[name] for name in setting_columns(plan)], dropna=False, sort=False).transform("mean")
    return runs["run"].loc[scores[means >= means.max() - ALIKE_BELOW].idxmax()]


def prediction_folders(plan: dict, home: Path) -> dict[str, Path]:
    """Where the prediction tables of each row of the plan and of each entry under `compare` lie: a folder, or one file for all splits."""
    folders = {row["run"]: home / row["folder"] / PREDICTIONS for row in plan["rows"]}
    return folders | {name: Path(folder).expanduser() for name, folder in plan["compare"].items()}
