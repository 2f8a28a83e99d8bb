"""What a row of the comparison answers to a test file: its labels, at the thresholds that it has for test."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_grid.base.files import read_json
from emotion_grid.base.layout import SPEC, data_folder
from emotion_grid.base.messages import InputError
from emotion_grid.data.compared import prediction_tables
from emotion_grid.data.mapping import Mapping, read_mapping
from emotion_grid.data.problems import explain, listed
from emotion_grid.data.sources import read_source
from emotion_grid.data.texts import map_table
from emotion_grid.evaluation.predicted import predicted_for
from emotion_grid.evaluation.results import Results, check_tables, prediction_folders, read_results
from emotion_grid.evaluation.thresholds import THRESHOLD_COLUMNS, thresholds_from
from emotion_grid.submission.form import BEST


@dataclass(frozen=True)
class Answers:
    """The labels of the texts of a test file.

    Attributes:
        row: the row of the comparison that gives them.
        ids: of the texts, in the order of the file.
        given: 1 or 0, (rows, labels).
    """

    row: str
    ids: list[str]
    labels: list[str]
    given: np.ndarray


def read_answers(home: Path, wanted: str, test: Path) -> Answers:
    """The answers of a row of an experiment to its test file.

    Args:
        home: the experiment's folder of results.
        wanted: the row's name, or `best`; a row that is no run may be called as it is in the config (`tfidf`).
        test: the raw test file.

    Raises:
        InputError: no such row, no predictions of it for test, or texts that it does not predict.
    """
    results = read_results(home)
    plan, row = results.plan, _row(results, wanted)
    planned = next((known for known in plan["rows"] if known["run"] == row["run"]), plan["rows"][0])
    check_tables({"rows": [planned]}, home)
    place = prediction_folders(plan, home)[row["run"]]
    tables = prediction_tables(place)
    ids = _ids(test, read_mapping(read_json(data_folder(home, planned["data"]) / SPEC)))
    probabilities = predicted_for(tables, "test", plan["labels"], ids) if "test" in tables else None
    if probabilities is None:
        raise InputError(f"{row['run']}: expected its predictions for test at {place}, found none")
    given = probabilities >= thresholds_from(row[THRESHOLD_COLUMNS["test"]], plan["labels"])
    return Answers(row["run"], ids, plan["labels"], given.astype(int))


def _row(results: Results, wanted: str) -> pd.Series:
    """The row of summary.csv with a name."""
    if wanted == BEST:
        return results.best
    rows = results.summary
    named = rows[(rows["run"] == wanted) | ((rows["kind"] != "run") & (rows["encoder"] == wanted))]
    if (named["kind"] == "ensemble").all():  # its folds predict test alike
        named = named.head(1)
    if len(named) != 1:
        found = listed(named["run"]) if len(named) else f"none; the rows are {listed(rows['run'])}"
        raise InputError(f"submission: expected {BEST} or the name of one row, which {wanted} is not: found {found}")
    return named.iloc[0]


def _ids(test: Path, mapping: Mapping) -> list[str]:
    """The ids of a test file, of which every row has to be answered."""
    mapped = map_table(read_source(test, mapping.form), mapping, test, gold=False)
    if mapped.problems:
        raise InputError(f"{explain(test, mapped.problems)}\na submission answers every row of the test file")
    return mapped.ids
