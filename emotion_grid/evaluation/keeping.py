"""Which models of a grid stay while runs are still to come: those that can still be the best run's.

Imports no pandas: a run of a head alone, which ends here, shall start fast.
"""

import csv
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import expect_whole
from emotion_grid.base.layout import CHECKS, PLAN, data_folder
from emotion_grid.base.messages import InputError, log
from emotion_grid.data.rows import read_rows
from emotion_grid.data.scores import macro_f1
from emotion_grid.data.splits import (
    INPUTS,
    MODEL,
    MODEL_FILES,
    PROVENANCE,
    RESULT_FILES,
    missing_files,
    predicted_texts,
    predictions_file,
)
from emotion_grid.evaluation.settings import by_setting
from emotion_grid.evaluation.thresholds import Labelled, tune_threshold

ALIKE_BELOW = 1e-9
"""Means of scores that differ by less are equal: sums of the same numbers differ in their last digits."""


def keep_best_so_far(home: Path) -> list[str]:
    """Remove the models of finished runs that cannot be the best run's when the study is complete; the names of these runs.

    The best run is the best one of the best setting (`best_run`), both by macro-F1 on validation at the threshold tuned there, as the tables
    show it. So a run's model goes if another run of its setting is better, or if its setting is complete and another complete setting has a
    better mean. Both are computed from finished files alone, so that processes that come here at the same time need no lock: the best model
    is the one that none of them ever removes, and a worse one goes only when a better one is complete.

    The model of a run stays as long as it is needed for something else: the run is named under `explanations.run`, or has still to
    predict new texts of dev or test.

    Args:
        home: the experiment's folder of results.

    Raises:
        InputError: a table by which models are compared is not as it was written.
    """
    plan = read_json(home / PLAN)
    rows = [
        row for row in plan["rows"] if row["kind"] == "run" and not missing_files(home / row["folder"], RESULT_FILES)
    ]
    with_model = {
        row["run"]: home / row["folder"] for row in rows if not missing_files(home / row["folder"], MODEL_FILES)
    }
    candidates: dict[tuple[str, ...], str] = {}
    means: dict[tuple[str, ...], float] = {}
    finished_runs = {row["run"] for row in rows}
    for setting, members in by_setting((row for row in plan["rows"] if row["kind"] == "run"), plan).items():
        finished = [row for row in members if row["run"] in finished_runs]
        if not any(row["run"] in with_model for row in finished):
            continue  # a better setting took its models' place
        scores = {row["run"]: _checked_score(home, row, plan) for row in finished}
        candidates[setting] = max(scores, key=lambda run: scores[run])  # the first among equals
        if len(finished) == len(members):
            means[setting] = float(np.mean(list(scores.values())))
    top = max(means.values(), default=0.0) - ALIKE_BELOW
    kept = {run for setting, run in candidates.items() if means.get(setting, top) >= top}
    removed = [
        run
        for run, folder in with_model.items()
        if run not in {*kept, plan["explained"]} and not _predicts_again(folder)
    ]
    for run in removed:
        remove_model(with_model[run])
    log(
        f"models that can still be the best: {', '.join(run for run in with_model if run in kept)}; removed: {len(removed)}"
    )
    return removed


def _checked_score(home: Path, row: dict[str, Any], plan: dict[str, Any]) -> float:
    """A finished run's score on validation, if the tables that it is computed from are as they were written."""
    folder, data = home / row["folder"], data_folder(home, row["data"])
    validation = predictions_file(folder, "validation").relative_to(folder).as_posix()
    expect_whole({folder / PROVENANCE: [validation], data / CHECKS: ["validation.csv"]})
    return validation_score(folder, data, plan)


def validation_score(folder: Path, data: Path, plan: dict[str, Any]) -> float:
    """Macro-F1 of a finished run on validation, at the threshold tuned there, in the digits of the tables.

    Args:
        folder: the run's folder.
        data: folder of the prepared splits that it is judged by.
        plan: the content of plan.json.

    Raises:
        InputError: predictions of other rows than those of validation.
    """
    rows, path = read_rows(data / "validation.csv"), predictions_file(folder, "validation")
    with path.open(encoding="utf-8", newline="") as file:
        header, *table = csv.reader(file, strict=True)
    if header != ["id", *rows.labels] or [row[0] for row in table] != rows.ids:
        raise InputError(f"{path}: expected a row for each of the {len(rows)} rows of validation, found other rows")
    probabilities = np.array([row[1:] for row in table], dtype=float)
    labelled = Labelled(np.array(rows.ids), probabilities, rows.gold)
    thresholds = tune_threshold(labelled, plan["evaluation"]["threshold"])
    return float(f"{macro_f1(rows.gold, probabilities >= thresholds):.6g}")


def _predicts_again(folder: Path) -> bool:
    """Whether a finished run has still to predict the present texts of dev and test, for which it needs its model."""
    if not (folder / INPUTS).is_file():
        return True
    texts = read_json(folder / INPUTS)["texts"]
    return bool(texts) and not predicted_texts(folder, texts).is_file()


def remove_model(folder: Path) -> None:
    """Remove the model of a run: first the weights, by which others see that it is there, so that a kill leaves no half of a model.

    Args:
        folder: the run's folder.
    """
    for path in (folder / name for name in MODEL_FILES):
        path.unlink(missing_ok=True)
    shutil.rmtree(folder / MODEL, ignore_errors=True)
