"""The study of one start of Snakemake: its folders, its plan, and what is still to be made."""

import functools
import sys
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import SHORT, digest
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.messages import InputError
from emotion_grid.base.numbers import duration
from emotion_grid.base.yaml_files import check_unique_keys
from emotion_grid.config.checking import check_config
from emotion_grid.container.image import runtime
from emotion_grid.data.splits import (
    BASELINE_FILES,
    MODEL_FILES,
    RESULT_FILES,
    missing_files,
    predicted_texts,
)
from emotion_grid.jobs.failures import explain_end
from emotion_grid.jobs.guard import Guard
from emotion_grid.jobs.packs import pack_runs
from emotion_grid.jobs.site import load_site
from emotion_grid.jobs.survivors import cancel_survivors, job_prefix
from emotion_grid.plan.inputs import raw_bytes
from emotion_grid.plan.plan import Plan, Row, build_plan
from emotion_grid.plan.writing import write_request, write_specs
from emotion_grid.workflow.errors import as_workflow_error
from emotion_grid.workflow.image import StudyImage, study_paths
from emotion_grid.workflow.patches import notice_lost_jobs
from emotion_grid.workflow.record import record_start

LOCAL_RULES = ("all", "build_container", "explain", "paper")
"""Rules that compute nothing, or build the image."""

LIGHT_RULES = (
    "prepare",
    "tokenize_texts",
    "predict_row",
    "evaluate",
    "keep_models",
    "compare",
    "report",
    "export_paper",
)
"""Rules that train nothing: on a cluster they are jobs only if the site asks for it."""


class Study:
    """The study of one start of Snakemake.

    The process that a user starts makes the plan and writes the specs; its jobs, which read the Snakefile again, only read specs.

    Args:
        workflow: Snakemake's workflow.
        config: Snakemake's config, not checked yet.

    Attributes:
        cache: folder of what experiments share.
        results: folder of all experiments' results.
        home: the experiment's folder of results.
        plan: the plan, or None in a job.
        site: the bounds of a cluster's jobs (profiles/slurm/site.yaml).
        contained: whether a profile asks for the image.
        light_jobs: whether light steps are jobs, rather than steps of the process that a user started.
        keep: what a training job writes, as scripts.train calls it.
        image: the image that rules run in, or None.

    Raises:
        WorkflowError: a config, a site file, a grid or a data file that cannot be.
    """

    def __init__(self, workflow: Any, config: dict):
        from snakemake.settings.types import DeploymentMethod

        self.workflow, self.config = workflow, config
        self.cache = Path(config.get("cache_root", "cache")).expanduser()
        self.results = Path(config.get("results_root", "results")).expanduser()
        self.home = self.results / str(config.get("experiment", ""))
        self.contained = DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method
        self.keep = "results" if config.get("keep_models") == "none" else "all"
        with as_workflow_error():
            self.plan = self._make_plan()
            self.site = load_site()
        self.image = StudyImage(workflow, self.site, self.cache, self._paths()) if self.contained else None
        self.light_jobs = self.site["light_steps"] == "job" or (self.contained and not runtime())

    @property
    def local_rules(self) -> list[str]:
        """Rules that run where Snakemake runs, whatever the cluster."""
        fetches = ["fetch_encoder"] if runtime() or not self.contained else []
        return [*LOCAL_RULES, *fetches, *([] if self.light_jobs else LIGHT_RULES)]

    def image_path(self, wildcards: Any) -> str | None:
        """What every rule runs in; None where no profile asks for an image."""
        return self.image.path if self.image else None

    def _paths(self) -> list[Path]:
        return study_paths(self.config, self.site, [self.cache, self.results])

    def _make_plan(self) -> Plan | None:
        if not self.workflow.is_main_process:
            return None
        for path in {*self.workflow.configfiles, *self.workflow.overwrite_configfiles}:
            check_unique_keys(path)
        return build_plan(check_config(self.config))

    @functools.cached_property
    def guard(self) -> Guard | None:
        """Held from the moment that `begin` asks for it."""
        return Guard(self.home, self.plan.experiment) if self.plan and not self.workflow.dryrun else None

    @functools.cache  # noqa: B019 - one study a process
    def begin(self) -> None:
        """Before anything runs: take the experiment's guard, write the specs and record the start.

        Input functions call it, since reading the Snakefile alone (`--lint`, `--list`) must neither take a guard nor write. A dry run
        does neither, and a job only reads.
        """
        if self.plan is not None and self.image:
            self.image.path  # noqa: B018 - checked before anything runs
        if self.plan is None or self.workflow.dryrun:
            return
        with as_workflow_error():
            assert self.guard is not None
            if not self.workflow.local_exec:
                notice_lost_jobs()
                self.workflow.executor_settings.jobname_prefix = job_prefix(self.home)
                if cancelled := cancel_survivors(self.home, self.guard.held):
                    print(f"Cancelled jobs of an earlier start: {', '.join(cancelled)}", file=sys.stderr)
            write_specs(self.plan, self.home, self.cache)
            record_start(check_config(self.config), self.home)
        for pack, runs in self.packs.items():
            self.pack_file(pack).with_suffix(".done").unlink(missing_ok=True)
            write_json(self.pack_file(pack), {"runs": runs})

    @functools.cached_property
    def packs(self) -> dict[str, list[str]]:
        """Runs still to be made that share a job, by the pack's name; none where every run is a job of its own."""
        if self.plan is None or self.workflow.local_exec or self.site["pack"] == 1:
            return {}
        waiting = {
            name: row.spec
            for name, row in self.plan.runs.items()
            if missing_files(self.home / row.folder, RESULT_FILES)
        }
        packed = pack_runs(waiting, raw_bytes(self.config, "train"), self.site)
        return {digest(runs)[:SHORT]: runs for runs in packed}

    def pack_file(self, pack: str) -> Path:
        """The file that says which runs a pack holds; written before its job starts."""
        return self.home / "packs" / f"{pack}.json"

    @functools.cached_property
    def _packed(self) -> dict[str, Path]:
        """The file that stands for a run's results while the run waits in a pack, by the run's name."""
        return {run: self.pack_file(pack).with_suffix(".done") for pack, runs in self.packs.items() for run in runs}

    def row(self, folder: Path) -> Row | None:
        """The plan's row of a folder of results; None in a job, and for results of another config."""
        if self.plan is None:
            return None
        return self.plan.runs.get(folder.name) or self.plan.rows.get(folder.name)

    def spec(self, folder: Path) -> dict:
        """The spec of a row: as planned or, in a job, as it was written before it started."""
        self.begin()
        if row := self.row(folder):
            return row.spec
        return self._written(folder, "spec.json")

    def inputs(self, folder: Path) -> dict:
        """Where the job of a row finds what it reads: as planned or, in a job, as it was written before it started."""
        self.begin()
        if row := self.row(folder):
            return vars(row.inputs)
        return self._written(folder, "inputs.json")

    def _written(self, folder: Path, name: str) -> dict:
        path = folder / name
        with as_workflow_error():
            if not path.is_file():
                raise InputError(
                    f"{folder.name}: expected one of the {folder.parent.name} of the current config, or an older one with "
                    f"{name} at {path}; found neither"
                )
            return read_json(path)

    def cached_spec(self, folder: str) -> dict:
        """The spec of a folder of tokens or features in the cache."""
        self.begin()
        planned = self.plan.cached if self.plan else {}
        return planned[folder] if folder in planned else read_json(self.cache / folder / "spec.json")

    def request(self, name: str) -> Path:
        """A document that results are made from, `plan.json` or `explanations.json`; newer than they if it asks for others."""
        self.begin()
        path = self.home / name
        if self.plan is not None and self.workflow.dryrun:
            document = self.plan.document() if name == "plan.json" else self.plan.explanations
            return write_request(document, path, beside=self.workflow.snakemake_tmp_dir)
        return path

    def results_of(self, row: Row) -> Path:
        """The file that is there once a row's predictions are whole and of the present texts."""
        folder = self.home / row.folder
        if row.kind != "run":
            return folder / BASELINE_FILES[-1]
        if row.name in self._packed:
            return self._packed[row.name]
        return self._renewed(row) or folder / RESULT_FILES[-1]

    def _renewed(self, row: Row) -> Path | None:
        """The file that stands for new predictions of a finished run, if dev or test have other texts now; else None."""
        folder = self.home / row.folder
        if row.predicts or not row.inputs.texts or missing_files(folder, RESULT_FILES):
            return None
        record = predicted_texts(folder, row.inputs.texts)
        return None if record.is_file() else record

    def unfinished(self) -> list[Path]:
        """A missing file of every row that lacks one: as targets they are made, as mere inputs of finished tables they would not be."""
        self.begin()
        if self.plan is None:
            return []
        found = []
        for row in (*self.plan.runs.values(), *self.plan.rows.values()):
            folder = self.home / row.folder
            missing = missing_files(folder, RESULT_FILES if row.kind == "run" else BASELINE_FILES)
            if missing:
                found.append(self._packed.get(row.name, missing[0]))
            elif row.kind == "run" and (record := self._renewed(row)):
                found.append(record)
        self._tell_renewals()
        return list(dict.fromkeys(found))

    @functools.cache  # noqa: B019 - one study a process
    def _tell_renewals(self) -> None:
        """Say how many finished runs predict new texts of dev or test, and how many are trained again for it."""
        if self.plan is None:
            return
        renewed = [self.home / row.folder for row in self.plan.runs.values() if self._renewed(row)]
        if not renewed:
            return
        lost = [folder for folder in renewed if missing_files(folder, MODEL_FILES)]
        seconds = sum(read_json(folder / "provenance.json")["total_seconds"] for folder in lost)
        again = (
            f"{len(lost)} of them were not kept and are trained again first, about {duration(seconds)} by their last training"
            if lost
            else "all of them were kept, nothing is trained"
        )
        print(
            f"The texts of dev or test have changed since {len(renewed)} finished runs predicted them. These runs predict them again "
            f"with their models: {again}.",
            file=sys.stderr,
        )

    def tell_end(self) -> None:
        """Say on the screen, when a start ends, what failed and why, and what Slurm jobs asked for and used."""
        if self.plan is None:
            return
        logs = [log for job in self.workflow.scheduler.failed for log in job.log]
        text = explain_end(self.home, Path.cwd(), logs, on_cluster=not self.workflow.local_exec)
        print(text, file=sys.stderr, end="")
