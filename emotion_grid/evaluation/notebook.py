"""Results as pandas DataFrames, for a notebook."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from emotion_grid.base.files import read_json
from emotion_grid.base.layout import (
    COMPARISON_TABLE,
    METRICS_TABLE,
    PLAN,
    SETS_TABLE,
    SETTINGS_TABLE,
    SUMMARY_TABLE,
    part_homes,
)
from emotion_grid.base.messages import InputError
from emotion_grid.data.splits import SPLITS, predictions_file
from emotion_grid.data.tables import read_predictions, read_table
from emotion_grid.evaluation.across import DATA, TRAINED_ON
from emotion_grid.evaluation.results import (
    ABOUT,
    read_comparison,
    read_comparisons,
    read_metrics,
    read_numbers,
    read_results,
)
from emotion_grid.evaluation.thresholds import THRESHOLD_COLUMNS, THRESHOLD_KIND


@dataclass(frozen=True)
class StudyResults:
    """The tables of an experiment.

    Attributes:
        runs: a row for each run, baseline and other prediction: its axes, scores and costs (summary.csv).
        settings: a row for each setting: mean and standard deviation over seeds and folds (settings.csv), or over data sets (sets.csv).
        metrics: a row for each metric of each split, label and threshold (metrics.csv).
        comparisons: a row for each comparison of settings (comparison.csv); empty if it was not made yet.
    """

    home: Path
    runs: pd.DataFrame
    settings: pd.DataFrame
    metrics: pd.DataFrame
    comparisons: pd.DataFrame


def load_results(folder: str | Path) -> StudyResults:
    """The tables of an experiment; cells of axes are text, scores are numbers or NaN.

    Args:
        folder: the experiment's folder of results, such as `results/demo`.

    Raises:
        InputError: there are no finished results in the folder.
    """
    home = Path(folder)
    if (home / SETS_TABLE).is_file():
        return _of_all_sets(home)
    for name in (PLAN, SUMMARY_TABLE, SETTINGS_TABLE, METRICS_TABLE):
        if not (home / name).is_file():
            raise InputError(f"{home}: expected the results of an experiment ({name}), found none; run snakemake first")
    results = read_results(home)
    comparisons = read_comparison(home) if (home / COMPARISON_TABLE).is_file() else pd.DataFrame()
    return StudyResults(home, results.summary, results.settings, read_metrics(home), comparisons)


def _of_all_sets(home: Path) -> StudyResults:
    """The tables of a study on several data sets as a whole: `data` names the set of a row, and settings have their means over the sets."""
    homes = part_homes(home)
    names = {name for part in homes for name in read_json(part / PLAN)["columns"]}
    texts = {"run", "kind", "older", DATA, TRAINED_ON, *ABOUT, THRESHOLD_KIND, *THRESHOLD_COLUMNS.values(), *names}
    runs, settings = (read_numbers(home / name, texts) for name in (SUMMARY_TABLE, SETS_TABLE))
    metrics = pd.concat([read_metrics(part).assign(**{DATA: part.name}) for part in homes], ignore_index=True)
    return StudyResults(home, runs, settings, metrics, read_comparisons(home / COMPARISON_TABLE))


def load_predictions(run: str | Path, split: str = "dev") -> pd.DataFrame:
    """The probabilities that a run gives each label, indexed by text id.

    Args:
        run: the run's folder, such as `results/demo/runs/<run>`.
        split: validation, dev or test.

    Raises:
        InputError: an unknown split, or no predictions for it.
    """
    if split not in SPLITS:
        raise InputError(f"split: expected one of {', '.join(SPLITS)}, found {split}")
    path = predictions_file(Path(run), split)
    if not path.is_file():
        raise InputError(f"{path}: expected a prediction table, found none")
    labels = [name for name in read_table(path).columns if name != "id"]
    return read_predictions(path, labels).set_index("id")
