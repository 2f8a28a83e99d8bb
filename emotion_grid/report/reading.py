"""What the sections of a report are built from."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from emotion_grid.base.files import read_json
from emotion_grid.data.splits import INPUTS
from emotion_grid.encoders.facts import why_unexplained
from emotion_grid.evaluation.mistakes import Predicted, read_predicted
from emotion_grid.evaluation.results import Results, folder_of, read_comparison
from emotion_grid.report.annotators import Annotators, read_annotators
from emotion_grid.report.tuning import is_cross_fitted


@dataclass(frozen=True)
class Study:
    """An experiment as the sections of its report read it.

    Attributes:
        results: its plan and tables.
        comparison: comparison.csv.
        checks: checks.json of all its data, by folder.
        predictions: the best run's predictions on the split on which settings are compared.
        annotators: the tables about annotators; None where the config names none.
        cache: folder of what experiments share, where facts about encoders are; None where nobody names it.
    """

    results: Results
    comparison: pd.DataFrame
    checks: dict[str, dict]
    predictions: Predicted
    annotators: Annotators | None = None
    cache: Path | None = None

    @property
    def judge(self) -> str:
        """The split on which settings are compared, in words."""
        return "the held-out folds" if self._is_judged_on_folds else self.results.judge

    @property
    def judge_of_best(self) -> str:
        """The same for the best run alone, whose fold is one of several."""
        return "its held-out fold" if self._is_judged_on_folds else self.results.judge

    @property
    def _is_judged_on_folds(self) -> bool:
        return bool(self.folds) and not self.is_selected

    @property
    def is_selected(self) -> bool:
        """Whether that split is validation, on which the runs were chosen."""
        return self.results.judge == "validation"

    @property
    def folds(self) -> int | None:
        """Folds of the cross-validation, None without one."""
        return self.results.plan["folds"]

    @property
    def is_cross_fitted(self) -> bool:
        """Whether each held-out fold is scored with thresholds from the other folds."""
        return is_cross_fitted(self.results.plan)

    @property
    def confidence(self) -> str:
        """Coverage of the intervals, such as 95%."""
        return f"{100 * self.results.plan['evaluation']['confidence']:g}%"

    def why_unexplained(self, run: str) -> str:
        """Why a run's predictions cannot be explained; empty if they can, as far as is known."""
        inputs = folder_of(self.results, run) / INPUTS
        if self.cache is None or not inputs.is_file():
            return ""
        return why_unexplained(self.cache / read_json(inputs)["encoder"])

    @property
    def caution(self) -> str:
        """What a caption adds about scores by which the runs were chosen; empty if they were chosen on another split."""
        return " The runs were chosen by these scores, which are therefore too high." if self.is_selected else ""


def read_study(results: Results, cache: Path | None = None) -> Study:
    """The experiment with its comparisons, the checks of its data and the predictions of its best run.

    Args:
        cache: folder of what experiments share; without it, nothing is known of encoders.
    """
    keys = dict.fromkeys(row["data"] for row in results.plan["rows"])
    paths = {key: results.home / "data" / key / "checks.json" for key in keys}
    checks = {key: read_json(path) for key, path in paths.items() if path.is_file()}
    comparison, predictions = read_comparison(results.home), read_predicted(results, results.best["run"])
    return Study(results, comparison, checks, predictions, read_annotators(results), cache)
