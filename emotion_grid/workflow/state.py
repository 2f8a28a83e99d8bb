"""Which rows of a plan are finished when a start begins, and what the others lack."""

import functools
from pathlib import Path

from emotion_grid.base.layout import CHECKS, DATASETS, FEATURES_RECORD, FETCHED, LABELLING, TOKENS_RECORD
from emotion_grid.data.splits import BASELINE_FILES, MODEL, MODEL_FILES, RESULT_FILES, missing_files, predicted_texts
from emotion_grid.plan.plan import Plan, Row
from emotion_grid.plan.specs import Inputs
from emotion_grid.workflow.damage import Damage, damaged_inputs, damaged_results


class State:
    """What is there of a plan's rows when a start begins.

    Args:
        plan: the plan; None in a job, which looks at no rows.
        home: the experiment's folder of results.
        cache: the folder of what experiments share.
    """

    def __init__(self, plan: Plan | None, home: Path, cache: Path):
        self.plan, self.home, self.cache = plan, home, cache
        self.rows: list[Row] = [*plan.runs.values(), *plan.rows.values()] if plan else []

    @functools.cached_property
    def missing(self) -> dict[str, Path | None]:
        """The first file that each row lacks, or None; a damaged row lacks all."""
        damaged = self.damaged_results.found
        lost = {
            row.name: self.home / row.folder / _files(row)[0] for row in self.rows if self.home / row.folder in damaged
        }
        return {**self._absent, **lost}

    @functools.cached_property
    def _absent(self) -> dict[str, Path | None]:
        """The first file of each row that is not there, or None."""
        return {row.name: next(iter(missing_files(self.home / row.folder, _files(row))), None) for row in self.rows}

    @property
    def finished(self) -> list[Row]:
        """The rows whose results are whole."""
        return [row for row in self.rows if not self.missing[row.name]]

    @property
    def unfinished(self) -> list[Row]:
        """The rows whose results are still to be made, or to be made again."""
        return [row for row in self.rows if self.missing[row.name]]

    @functools.cached_property
    def damaged_results(self) -> Damage:
        """What of the results is damaged."""
        there = [row for row in self.rows if not self._absent[row.name]]
        return damaged_results(self.plan, self.home, there) if self.plan else Damage()

    @functools.cached_property
    def damaged_inputs(self) -> Damage:
        """What is damaged in the cache."""
        datasets = self.plan.datasets if self.plan else ()
        return damaged_inputs(self.unfinished, self.finished, self.cache, datasets)

    def renewed(self, row: Row) -> Path | None:
        """The file that stands for new predictions of a finished run, if dev or test have other texts now; else None."""
        if row.kind != "run" or row.predicts or not row.inputs.texts or self.missing[row.name]:
            return None
        record = predicted_texts(self.home / row.folder, row.inputs.texts)
        return None if record.is_file() else record

    def lost_model(self, row: Row) -> Path | None:
        """The file that a finished run's model lacks because it is damaged and moved aside; else None."""
        folder = self.home / row.folder
        return folder / MODEL_FILES[0] if row.kind == "run" and folder / MODEL in self.damaged_results.found else None

    @property
    def undescribed(self) -> list[str]:
        """Finished runs whose model lacks what says how it labels new texts: it was restored, or is of an earlier version."""
        folders = {row.name: self.home / row.folder for row in self.finished if row.kind == "run"}
        return [
            name
            for name, folder in folders.items()
            if not missing_files(folder, MODEL_FILES) and not (folder / MODEL / LABELLING).is_file()
        ]

    def needs(self, home: Path, inputs: Inputs) -> list[Path]:
        """What a row waits for: the last file of its prepared splits and, for a run, of its tokens, features and encoder.

        Args:
            home: the experiment's folder of results.
            inputs: where the row's job finds what it reads.
        """
        cached = {inputs.tokens: TOKENS_RECORD, inputs.features: FEATURES_RECORD, inputs.encoder: FETCHED}
        return [home / inputs.data / CHECKS, *(self.cache / folder / file for folder, file in cached.items() if folder)]

    def folders_to_write(self) -> list[Path]:
        """Folders that a start writes to: the experiment's, those of unfinished rows, and those of what these wait for."""
        rows = self.unfinished
        needs = {file for row in rows for file in self.needs(self.home, row.inputs)}
        needs |= {self.cache / DATASETS / key / FETCHED for key in (self.plan.datasets if self.plan and rows else ())}
        missing = sorted(file for file in needs if not file.is_file())
        return [self.home, *(self.home / row.folder for row in rows), *(file.parent for file in missing)]


def _files(row: Row) -> tuple[str, ...]:
    """The files that a finished row has."""
    return RESULT_FILES if row.kind == "run" else BASELINE_FILES
