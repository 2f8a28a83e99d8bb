"""Which models of a grid stay while runs are still to come: the best finished run's, and no other that cannot be the best any more.

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
from emotion_grid.evaluation.thresholds import tune_threshold


def keep_best_so_far(home: Path) -> list[str]:
    """Remove the models of finished runs that another finished run's model is better than; the names of these runs.

    Better is what `best_run` calls better when the study is complete: a higher macro-F1 on validation at the threshold tuned there, as
    the tables show it, and among equals the place in the plan. This order is total and is computed from finished files alone, so that
    processes that come here at the same time need no lock: the best model is the one that none of them ever removes, and a worse one
    goes only when a better one is complete.

    The model of a run stays as long as it is needed for something else: the run is named under `explanations.run`, or has still to
    predict new texts of dev or test.

    Args:
        home: the experiment's folder of results.

    Raises:
        InputError: a table by which models are compared is not as it was written.
    """
    plan = read_json(home / PLAN)
    scores: dict[str, tuple[float, int]] = {}
    for place, row in enumerate(plan["rows"]):
        if row["kind"] == "run" and not missing_files(home / row["folder"], (*MODEL_FILES, *RESULT_FILES)):
            folder, data = home / row["folder"], data_folder(home, row["data"])
            validation = predictions_file(folder, "validation").relative_to(folder).as_posix()
            expect_whole({folder / PROVENANCE: [validation], data / CHECKS: ["validation.csv"]})
            score = validation_score(folder, data, plan)
            scores[row["run"]] = score, -place
    best = max(scores, key=lambda run: scores[run], default=None)
    folders = {row["run"]: home / row["folder"] for row in plan["rows"]}
    removed = []
    for run in scores:
        if run not in (best, plan["explained"]) and not _predicts_again(folders[run]):
            remove_model(folders[run])
            removed.append(run)
    if best is not None:
        log(f"best model so far, by validation macro-F1 {scores[best][0]:.4f}: {best}; models removed: {len(removed)}")
    return removed


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
    thresholds = tune_threshold(probabilities, rows.gold, plan["evaluation"]["threshold"])
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
