"""Results as pandas DataFrames, for a notebook."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
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
    data_folder,
    part_homes,
)
from emotion_grid.base.messages import InputError
from emotion_grid.data.compared import prediction_tables
from emotion_grid.data.splits import HISTORY, SPLITS, predictions_file
from emotion_grid.data.tables import read_predictions, read_split, read_table
from emotion_grid.evaluation.across import DATA, TRAINED_ON
from emotion_grid.evaluation.histories import read_history
from emotion_grid.evaluation.predicted import predicted_for
from emotion_grid.evaluation.results import (
    ABOUT,
    check_tables,
    prediction_folders,
    read_comparison,
    read_comparisons,
    read_metrics,
    read_numbers,
    read_results,
)
from emotion_grid.evaluation.thresholds import THRESHOLD_COLUMNS, THRESHOLD_KIND
from emotion_grid.evaluation.typed import typed


@dataclass(frozen=True)
class StudyResults:
    """The tables of an experiment.

    Cells of axes are numbers where the study's config has numbers alone (seeds, epochs), else texts; whole numbers are `Int64`, scores
    `float64`. In a study on several data sets, `data` names the set of a row.

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

    @cached_property
    def histories(self) -> pd.DataFrame:
        """A row for each epoch of each run: `run`, `epoch`, `step`, losses, macro-F1 on validation at 0.5, and seconds (history.csv).

        Read when it is first asked for.

        Raises:
            InputError: a file that is not as it was written.
        """
        tables = []
        for part, plan, names in self._parts():
            rows = [row for row in plan["rows"] if row["kind"] == "run" and row["run"] in names]
            tables += [
                read_history(part / row["folder"] / HISTORY).assign(run=row["run"], **self._set_of(part))
                for row in rows
            ]
        table = pd.concat(tables, ignore_index=True)
        first = [*self._set_of(self.home), "run"]
        return table[[*first, *table.columns.drop(first)]]

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """The probabilities of every row of `runs` for every text: a column a label, indexed by `run`, `split` and `id`.

        Read when it is first asked for. With several data sets, `data` is the first level of the index, and a label that a set does not
        have is NaN there.

        Raises:
            InputError: a table that is not as it was written.
        """
        tables = {
            (*self._set_of(part).values(), run, split): table
            for part, plan, names in self._parts()
            for run, split, table in _predictions(plan, part, names)
        }
        return pd.concat(dict(sorted(tables.items())), names=[*self._set_of(self.home), "run", "split"])

    def _parts(self) -> Iterator[tuple[Path, dict, set[str]]]:
        """Each data set's folder of results, its plan, and the names of its rows in `runs`; files are compared with their digests."""
        for part in part_homes(self.home):
            plan = read_json(part / PLAN)
            check_tables(plan, part)
            yield part, plan, set(read_table(part / SUMMARY_TABLE)["run"])

    def _set_of(self, part: Path) -> dict[str, str]:
        """The column that names the data set of a part's rows; none in a study on a single one."""
        return {DATA: part.name} if (self.home / SETS_TABLE).is_file() else {}


def load_results(folder: str | Path) -> StudyResults:
    """The tables of an experiment.

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
    tables = (results.summary, results.settings, read_metrics(home), comparisons)
    return StudyResults(home, *(typed(table, [results.plan]) for table in tables))


def _of_all_sets(home: Path) -> StudyResults:
    """The tables of a study on several data sets as a whole: `data` names the set of a row, and settings have their means over the sets."""
    homes = part_homes(home)
    plans = [read_json(part / PLAN) for part in homes]
    names = {name for plan in plans for name in plan["columns"]}
    texts = {"run", "kind", "older", DATA, TRAINED_ON, *ABOUT, THRESHOLD_KIND, *THRESHOLD_COLUMNS.values(), *names}
    runs, settings = (read_numbers(home / name, texts) for name in (SUMMARY_TABLE, SETS_TABLE))
    metrics = pd.concat([read_metrics(part).assign(**{DATA: part.name}) for part in homes], ignore_index=True)
    tables = (runs, settings, metrics, read_comparisons(home / COMPARISON_TABLE))
    return StudyResults(home, *(typed(table, plans) for table in tables))


def _predictions(plan: dict, home: Path, names: set[str]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """The name of a row, a split and its table there, of all rows with these names; a table for all splits is divided by its ids."""
    data = {row["run"]: row["data"] for row in plan["rows"]}
    ids = cache(lambda key, split: list(read_split(data_folder(home, key) / f"{split}.csv")["id"]))
    for run, place in prediction_folders(plan, home).items():
        files = prediction_tables(place) if run in names else {}
        for split in files:
            texts = ids(data.get(run, plan["rows"][0]["data"]), split)
            values = predicted_for(files, split, plan["labels"], texts)
            if values is not None:
                yield run, split, pd.DataFrame(values, pd.Index(texts, name="id", dtype=str), plan["labels"])


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
