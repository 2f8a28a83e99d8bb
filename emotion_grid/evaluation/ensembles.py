"""Ensembles: weighted means of the predictions of a grid's settings, with weights that never come from the texts that they are judged on.

A member is a setting: the mean of its runs. Without folds, the weights are selected on validation. With folds, those for a held-out fold
are selected on what the settings predict for the other folds, which they hold out (cross-fitting), and those for test and new texts on
the predictions for all folds. So each row of train counts once, and no gold label of dev, test or the own fold is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import expect_whole
from emotion_grid.base.layout import CHECKS, SELECTED, run_folder
from emotion_grid.data.rows import Rows, read_rows
from emotion_grid.data.splits import INPUTS, PROVENANCE, SPLITS, predictions_file
from emotion_grid.evaluation.predicted import predicted_for
from emotion_grid.evaluation.selection import best_macro_f1, member_weights


@dataclass(frozen=True)
class Library:
    """The runs that an ensemble is selected from.

    Attributes:
        home: the experiment's folder of results.
        settings: of each setting the names of its runs by fold, under "" without folds; all have the same folds.
        labels: their names.
    """

    home: Path
    settings: list[dict[str, list[str]]]
    labels: list[str]

    @property
    def folds(self) -> list[str]:
        """The folds in their order; a single one, "", without folds."""
        return list(self.settings[0])

    def data(self, fold: str) -> Path:
        """The folder of the prepared splits that the runs of a fold read."""
        inputs = read_json(run_folder(self.home, self.settings[0][fold][0]) / INPUTS)
        return self.home / str(inputs["data"])

    def check(self) -> None:
        """Refuse tables and gold labels that are not as they were written.

        Raises:
            InputError: all that does not match its digest.
        """
        runs = [run for setting in self.settings for names in setting.values() for run in names]
        records = [run_folder(self.home, run) / PROVENANCE for run in runs]
        expect_whole(dict.fromkeys([*records, *(self.data(fold) / CHECKS for fold in self.folds)]))

    def gold(self, fold: str, split: str) -> Rows:
        """A split as the runs of a fold read it."""
        return read_rows(self.data(fold) / f"{split}.csv")

    def predictions(self, fold: str, split: str, ids: list[str]) -> np.ndarray:
        """What each setting predicts for texts, the mean of its runs of a fold: (settings, rows, labels).

        Raises:
            InputError: a run's table of other labels or texts, by its path.
        """
        return np.stack(
            [np.mean([self._of_run(run, split, ids) for run in setting[fold]], axis=0) for setting in self.settings]
        )

    def _of_run(self, run: str, split: str, ids: list[str]) -> np.ndarray:
        table = {split: predictions_file(run_folder(self.home, run), split)}
        probabilities = predicted_for(table, split, self.labels, ids)
        assert probabilities is not None, "a table for one split alone"
        return probabilities

    def run_weights(self, weights: np.ndarray, folds: Sequence[str]) -> dict[str, float]:
        """The weight of each run that has one, in the mean over some folds.

        Args:
            weights: of the settings, (settings,).
        """
        return {
            run: float(weight) / len(folds) / len(setting[fold])
            for weight, setting in zip(weights, self.settings, strict=True)
            for fold in folds
            for run in setting[fold]
            if weight > 0
        }


@dataclass(frozen=True)
class Selection:
    """Weights of settings, and what they were selected on.

    Attributes:
        weights: (settings,), their sum is 1.
        on: what they were selected on: pairs of fold and split.
        rows: number of its texts.
        score: macro-F1 of the ensemble there, at the best threshold for all labels.
    """

    weights: np.ndarray
    on: list[tuple[str, str]]
    rows: int
    score: float

    def facts(self, library: Library, folds: Sequence[str]) -> dict[str, Any]:
        """What an ensemble's record says of it.

        Args:
            folds: whose runs the ensemble averages.
        """
        return {
            "on": self.on[0][1] if self.on[0][1] == "validation" else "held-out folds",
            "folds": [fold for fold, _ in self.on if fold],
            "rows": self.rows,
            "macro_f1": self.score,
            "weights": library.run_weights(self.weights, folds),
        }


def select(library: Library, method: str, fold: str | None) -> Selection:
    """Select weights for what a fold's runs predict, or for test and new texts.

    Args:
        library: the runs.
        method: as in `member_weights`.
        fold: whose held-out texts must not count; None if all folds may.

    Raises:
        InputError: a run's table of other labels or texts.
    """
    others = [other for other in library.folds if other != fold]
    is_crossed = len(library.folds) > 1
    on = [(other, "dev") for other in others] if is_crossed else [(library.folds[0], "validation")]
    texts = [library.gold(*part) for part in on]
    members = np.concatenate([library.predictions(*part, rows.ids) for part, rows in zip(on, texts, strict=True)], 1)
    gold = np.concatenate([rows.gold for rows in texts])
    weights = member_weights(method, members, gold)
    return Selection(weights, on, len(gold), best_macro_f1(_weighted(weights, members), gold))


def _weighted(weights: np.ndarray, members: np.ndarray) -> np.ndarray:
    """The weighted mean of probabilities (members, rows, labels), within [0, 1] whatever is rounded."""
    return np.clip(np.tensordot(weights, members, axes=1), 0.0, 1.0)


def ensemble(spec: dict[str, Any], home: Path, data: Path) -> tuple[dict[str, tuple[Rows, np.ndarray]], dict[str, Any]]:
    """An ensemble's predictions of each split, and how its weights were selected.

    Validation and dev are predicted by the runs of its fold, test by those of all folds.

    Args:
        spec: of the ensemble: its method, fold and settings.
        home: the experiment's folder of results.
        data: folder of the prepared splits that it is judged by.

    Returns:
        By split the texts and the probabilities (rows, labels); and the facts of its record.

    Raises:
        InputError: a run's table that is not as it was written, or of other labels or texts.
    """
    library = Library(home, spec["settings"], spec["data"]["labels"])
    library.check()
    fold, method = spec["fold"], spec["ensemble"]
    judged = select(library, method, fold)
    final = select(library, method, None) if len(library.folds) > 1 else judged
    texts = {split: read_rows(data / f"{split}.csv") for split in SPLITS}
    predicted = {}
    for split, rows in texts.items():
        selection, folds = (final, library.folds) if split == "test" else (judged, [fold])
        means = [_weighted(selection.weights, library.predictions(one, split, rows.ids)) for one in folds]
        predicted[split] = rows, np.mean(means, axis=0)
    facts = {"dev": judged.facts(library, [fold]), "test": final.facts(library, library.folds)}
    return predicted, {SELECTED: facts}
