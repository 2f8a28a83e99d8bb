"""The part of a study on one data set. A study on a single data set has one part."""

import functools
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import SHORT, digest
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.layout import DATA, PACKS, PLAN, SPEC, data_folder, set_of
from emotion_grid.base.messages import InputError
from emotion_grid.config.sets import config_of, is_united
from emotion_grid.data.splits import BASELINE_FILES, INPUTS, RESULT_FILES
from emotion_grid.jobs.packs import pack_runs
from emotion_grid.plan.added import bytes_with_added
from emotion_grid.plan.plan import Plan, Row, build_plan
from emotion_grid.plan.specs import Inputs
from emotion_grid.plan.writing import write_request
from emotion_grid.workflow.configs import checked_config
from emotion_grid.workflow.errors import plain_refusals
from emotion_grid.workflow.explained import explained_run
from emotion_grid.workflow.state import State


class Part:
    """The part of a study on one data set.

    The process that a user starts makes its plan; jobs, which read the Snakefile again, only read specs.

    Args:
        experiment: its folder under the results, which the rules call `experiment`.
        config: Snakemake's config.
        checked: the config of its data set, checked and with its defaults; None in a job.
        results: folder of all experiments' results.
        cache: folder of what experiments share.

    Attributes:
        home: its folder of results.
        plan: the plan, or None in a job.
        state: which rows of the plan are finished when this start begins.
    """

    def __init__(
        self, experiment: str, config: dict[str, Any], checked: dict[str, Any] | None, results: Path, cache: Path
    ):
        self.experiment, self._config, self._checked = experiment, config, checked
        self.home = results / experiment
        self.plan: Plan | None = build_plan({**checked, "experiment": experiment}) if checked else None
        self.state = State(self.plan, self.home, cache)

    @functools.cached_property
    def raw(self) -> dict[str, Any]:
        """The config of its data set, not checked: it says where the raw files lie."""
        name = set_of(self.experiment)
        if self._checked or self.is_united:
            return self.config
        return config_of(self._config, name) if name else self._config

    @functools.cached_property
    def is_united(self) -> bool:
        """Whether its data set unites others."""
        name = set_of(self.experiment)
        return bool(name) and is_united(self._config, name)

    def data_spec(self, key: str) -> dict[str, Any]:
        """The spec of a folder of prepared splits."""
        return self.plan.data[key] if self.plan else read_json(data_folder(self.home, key) / SPEC)

    def data_with(self, texts: dict[str, Any]) -> Path:
        """The folder of prepared splits that hold texts, as a spec of tokens names these."""
        keys = list(self.plan.data) if self.plan else [path.name for path in (self.home / DATA).glob("*/")]
        return next(data_folder(self.home, key) for key in keys if self.data_spec(key)["texts"] == texts)

    @functools.cached_property
    def config(self) -> dict[str, Any]:
        """The config of its data set, checked and with its defaults."""
        with plain_refusals():
            return self._checked or checked_config(self._config, set_of(self.experiment))

    @functools.cached_property
    def annotators(self) -> dict[str, Any] | None:
        """What its plan says of annotators; None where it names none."""
        if self.plan is not None:
            planned: dict[str, Any] | None = self.plan.settings["annotators"]
            return planned
        path = self.home / PLAN
        written: dict[str, Any] | None = read_json(path).get("annotators") if path.is_file() else None
        return written

    def packs(self, site: dict[str, Any]) -> dict[str, list[str]]:
        """Runs still to be made, as they share jobs, by the pack's name; none where every run is a job of its own.

        Args:
            site: the bounds of a cluster's jobs.
        """
        if self.plan is None or site["pack"] == 1:
            return {}
        waiting = {row.name: row.spec for row in self.state.unfinished if row.kind == "run"}
        added = [spec["data"].get("added", {}).get("name") for spec in waiting.values()]
        packed = pack_runs(waiting, bytes_with_added(self.raw, "train", names=added), site)
        return {digest(runs)[:SHORT]: runs for runs in packed}

    def pack_file(self, pack: str) -> Path:
        """The file that says which runs a pack holds; written before its job starts."""
        return self.home / PACKS / f"{pack}.json"

    def members(self, pack: str) -> list[str]:
        """The runs that a pack holds, in a job."""
        runs: list[str] = read_json(self.pack_file(pack))["runs"]
        return runs

    def write_packs(self, packs: dict[str, list[str]], at_once: int) -> None:
        """Write the files that say which runs the packs hold, and how many of them train at the same time."""
        for pack, runs in packs.items():
            self.pack_file(pack).with_suffix(".done").unlink(missing_ok=True)
            write_json(self.pack_file(pack), {"runs": runs, "at_once": at_once})

    def row(self, folder: Path) -> Row | None:
        """The plan's row of a folder of results; None in a job, and for results of another config."""
        if self.plan is None:
            return None
        return self.plan.runs.get(folder.name) or self.plan.rows.get(folder.name)

    def spec(self, folder: Path) -> dict[str, Any]:
        """The spec of a row: as planned or, in a job, as it was written before it started."""
        row = self.row(folder)
        return row.spec if row else self._written(folder, SPEC)

    def inputs(self, folder: Path) -> Inputs:
        """Where the job of a row finds what it reads: as planned or, in a job, as it was written before it started."""
        row = self.row(folder)
        return row.inputs if row else Inputs(**self._written(folder, INPUTS))

    def _written(self, folder: Path, name: str) -> dict[str, Any]:
        path = folder / name
        with plain_refusals():
            if not path.is_file():
                raise InputError(
                    f"{folder.name}: expected one of the {folder.parent.name} of the current config, or an older one with "
                    f"{name} at {path}; found neither"
                )
            written: dict[str, Any] = read_json(path)
            return written

    def request(self, name: str, beside: Path | None) -> Path:
        """A document that results are made from, `plan.json` or `explanations.json`; newer than they if it asks for others.

        Args:
            name: of the document.
            beside: where a start that only looks writes it if it would be another.
        """
        path = self.home / name
        if self.plan is not None and beside:
            document = self.plan.document() if name == PLAN else self.plan.explanations
            return write_request(document, path, beside / self.experiment)
        return path

    def results_of(self, row: Row) -> Path:
        """The file that is there once a row's predictions are whole and of the present texts, where the row waits in no pack."""
        folder = self.home / row.folder
        if row.kind != "run":
            return folder / BASELINE_FILES[-1]
        return self.state.renewed(row) or folder / RESULT_FILES[-1]

    @property
    def explained_run(self) -> str:
        """The run that the config wants to be explained, by its name or as the best one; read from the table of models."""
        with plain_refusals():
            return explained_run(self.home, self.config["explanations"]["run"])
