"""What a finished study knows of one of its runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import expect_whole
from emotion_grid.base.layout import CHECKS, MODEL_RECORD, SPEC, data_folder
from emotion_grid.base.messages import InputError
from emotion_grid.data.splits import MODEL, MODEL_FILES, PROVENANCE
from emotion_grid.evaluation.mistakes import Predicted, read_predicted
from emotion_grid.evaluation.results import Results, read_metrics, read_results


@dataclass(frozen=True)
class RunFacts:
    """What a study knows of a run.

    Attributes:
        results: the study's plan and tables.
        row: the run's row of summary.csv.
        metrics: its rows of metrics.csv.
        spec, provenance: its files.
        data, checks: spec.json and checks.json of its prepared splits.
        predictions: on the split on which settings are compared.
    """

    results: Results
    row: pd.Series
    metrics: pd.DataFrame
    spec: dict[str, Any]
    provenance: dict[str, Any]
    data: dict[str, Any]
    checks: dict[str, Any]
    predictions: Predicted


def read_facts(run: Path) -> RunFacts:
    """What the files of a study say of a run.

    Args:
        run: the run's folder, with its model.

    Raises:
        InputError: a folder without a model, or files that are not as they were written.
    """
    if not (run / MODEL_FILES[0]).is_file():
        raise InputError(f"{run}: expected the folder of a run with its model, found no {MODEL_FILES[0]}")
    expect_whole({run / PROVENANCE: None, run / MODEL / MODEL_RECORD: None})
    results = read_results(run.parents[1])
    rows = {row["run"]: row["data"] for row in results.plan["rows"]}
    if run.name not in rows:
        raise InputError(
            f"{run}: expected a run of the study's last start, found another; start it again with this run"
        )
    data = data_folder(results.home, rows[run.name])
    metrics = read_metrics(results.home)
    return RunFacts(
        results,
        results.summary.set_index("run", drop=False).loc[run.name],
        metrics[metrics["run"] == run.name],
        read_json(run / SPEC),
        read_json(run / PROVENANCE),
        read_json(data / SPEC),
        read_json(data / CHECKS),
        read_predicted(results, run.name),
    )
