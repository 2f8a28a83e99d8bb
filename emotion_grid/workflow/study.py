"""The study of one start of Snakemake: its folders, its plan, and what is still to be made."""

import functools
import os
import sys
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import SHORT, digest
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.layout import (
    PACKS,
    PLAN,
    SPEC,
    run_folder,
)
from emotion_grid.base.messages import InputError
from emotion_grid.base.sharing import check_writable, explained_refusals, shared, shared_umask
from emotion_grid.config.checking import check_config
from emotion_grid.container.image import runtime
from emotion_grid.data.splits import (
    BASELINE_FILES,
    INPUTS,
    RESULT_FILES,
)
from emotion_grid.encoders.facts import why_unexplained
from emotion_grid.jobs.failures import explain_end
from emotion_grid.jobs.guard import Guard
from emotion_grid.jobs.outcome import explain_success
from emotion_grid.jobs.packs import pack_runs
from emotion_grid.jobs.records import unmark_finished
from emotion_grid.jobs.site import load_site
from emotion_grid.jobs.survivors import cancel_survivors, job_prefix
from emotion_grid.plan.inputs import raw_bytes
from emotion_grid.plan.plan import Row, build_plan
from emotion_grid.plan.specs import Inputs
from emotion_grid.plan.writing import write_request, write_specs
from emotion_grid.workflow.cluster import prepare_cluster
from emotion_grid.workflow.damage import put_aside
from emotion_grid.workflow.errors import plain_refusals
from emotion_grid.workflow.explained import explained_run, unexplained_text
from emotion_grid.workflow.foresight import foresight_text
from emotion_grid.workflow.image import StudyImage, study_paths
from emotion_grid.workflow.patches import quote_for_shells
from emotion_grid.workflow.record import record_start
from emotion_grid.workflow.state import State
from emotion_grid.workflow.telling import renewals_text, space_text

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
        checked: the config, checked and with its defaults; None in a job.
        cache: folder of what experiments share.
        results: folder of all experiments' results.
        home: the experiment's folder of results.
        cache_umask: the umask of programs that write to the cache.
        plan: the plan, or None in a job.
        state: which rows of the plan are finished when this start begins.
        site: the bounds of a cluster's jobs (profiles/slurm/site.yaml).
        contained: whether a profile asks for the image.
        light_jobs: whether light steps are jobs, rather than steps of the process that a user started.
        keep: what a training job writes, as scripts.train calls it.
        image: the image that rules run in, or None.
        refusals: what Slurm said of jobs that it did not take, by the job's log.

    Raises:
        SystemExit: a config, a site file, a grid or a data file that cannot be.
    """

    def __init__(self, workflow: Any, config: dict[str, Any]):
        from snakemake.settings.types import DeploymentMethod

        self.workflow, self.config = workflow, config
        self.refusals: dict[str, str] = {}
        quote_for_shells()
        with plain_refusals():
            self.checked = self._checked()
        self.cache = Path(config.get("cache_root", "cache")).expanduser()
        self.results = Path(config.get("results_root", "results")).expanduser()
        self.home = self.results / str(config.get("experiment", ""))
        self.cache_umask = f"{shared_umask(self.cache):04o}"
        os.umask(shared_umask(self.home))  # of this process, and of the programs that write results
        self.contained = DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method
        self.keep = {"all": "all", "none": "results"}.get(config.get("keep_models", "best"), "best")
        with plain_refusals():
            self.plan = build_plan(self.checked) if self.checked else None
            self.site = load_site()
        self.state = State(self.plan, self.home, self.cache)
        self.image = StudyImage(workflow, self.site, self.cache, self._paths()) if self.contained else None
        self.light_jobs = self.site["light_steps"] == "job" or (self.contained and not runtime())

    def _check_threads(self) -> None:
        """Refuse a start with fewer cores than the threads of a run that it would train: threads decide a result's last digits.

        Raises:
            InputError: with both numbers.
        """
        cores = self.workflow.resource_settings.cores
        if self.plan is None or self.workflow.executor_plugin is None or not self.workflow.local_exec or not cores:
            return
        threads = self._threads
        if self.workflow.dryrun and self.workflow.resource_settings.nodes:
            return  # a dry run does not say whether runs would be jobs, which ask for their own cores
        if max(threads, default=0) > cores:
            raise InputError(
                f"training.threads: expected at most the cores of this start ({cores}), found {max(threads)}; with fewer cores than "
                f"threads the results would differ slightly. Start with --cores {max(threads)}, or set training.threads to {cores}"
            )

    @property
    def _threads(self) -> list[int]:
        """Threads of each run that is not finished."""
        return [row.spec["training"]["threads"] for row in self.state.unfinished if row.kind == "run"]

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

    def _checked(self) -> dict[str, Any] | None:
        """The config, checked and with its defaults; None in a job, whose start has checked it."""
        if not self.workflow.is_main_process:
            return None
        return check_config(self.config, dict(self.workflow.config_settings.config))

    @property
    def only_looks(self) -> bool:
        """Whether this start runs nothing: a dry run, or one that prints a graph, a summary, lints or a report."""
        return self.workflow.dryrun or self.workflow.executor_plugin is None

    def is_forced(self, rule: str, folder: Path) -> bool:
        """Whether the user asks for a row again though it is finished (`-F`, `-R`, `-f`).

        Args:
            rule: the rule that makes it.
            folder: its folder of results.
        """
        asked = self.workflow.dag_settings
        targets = {*asked.forcerun, *(asked.targets if asked.forcetargets else ())}
        return asked.forceall or any(target == rule or Path(target).is_relative_to(folder) for target in targets)

    @functools.cached_property
    def guard(self) -> Guard | None:
        """Held from the moment that `begin` asks for it."""
        return Guard(self.home, self.plan.experiment) if self.plan and not self.only_looks else None

    @functools.cache  # noqa: B019 - one study a process
    def begin(self) -> None:
        """Before anything runs: take the experiment's guard, write the specs and record the start.

        Input functions call it, since reading the Snakefile alone must neither take a guard nor write, and since only now it is known
        whether runs would be jobs. Who only looks (`-n`, `--dag`, `--summary`, `--lint`, ...) does neither, and a job only reads.
        """
        if self.plan is not None and self.image:
            self.image.path  # noqa: B018 - checked before anything runs
        with plain_refusals():
            self._check_threads()
        if self.plan is None:
            return
        with plain_refusals():
            for damage in (self.state.damaged_results, self.state.damaged_inputs):
                if damage.found:
                    print(damage.tell(self.only_looks), file=sys.stderr)
        if self.only_looks:
            return
        with plain_refusals():
            assert self.guard is not None
            if not self.workflow.local_exec:
                threads = max(self._threads, default=1)
                self.refusals = prepare_cluster(self.workflow, threads, self.site["partition"])
                self.workflow.executor_settings.jobname_prefix = job_prefix(self.home)
                # As a script: between the quotes of `sbatch --wrap="..."` a shell would read `$` in paths.
                self.workflow.executor_settings.pass_command_as_script = True
                if cancelled := cancel_survivors(self.home, self.guard.held):
                    print(f"Cancelled jobs of an earlier start: {', '.join(cancelled)}", file=sys.stderr)
            with explained_refusals(self.home):
                put_aside(self.state.damaged_results, self.home)
            with explained_refusals(self.cache), shared(self.cache):
                put_aside(self.state.damaged_inputs, self.cache, shared=True)
            finished = {row.name for row in self.state.finished}
            write_specs(self.plan, self.home, self.cache, finished)
            with explained_refusals(self.home):
                record_start(self.checked or {}, self.home)
                unmark_finished(self.home, Path.cwd(), finished)
                for pack, runs in self.packs.items():
                    self.pack_file(pack).with_suffix(".done").unlink(missing_ok=True)
                    write_json(self.pack_file(pack), {"runs": runs})
            check_writable(self.state.folders_to_write())

    @functools.cached_property
    def packs(self) -> dict[str, list[str]]:
        """Runs still to be made that share a job, by the pack's name; none where every run is a job of its own."""
        if self.plan is None or self.workflow.local_exec or self.site["pack"] == 1:
            return {}
        waiting = {row.name: row.spec for row in self.state.unfinished if row.kind == "run"}
        packed = pack_runs(waiting, raw_bytes(self.config, "train"), self.site)
        return {digest(runs)[:SHORT]: runs for runs in packed}

    def pack_file(self, pack: str) -> Path:
        """The file that says which runs a pack holds; written before its job starts."""
        return self.home / PACKS / f"{pack}.json"

    @functools.cached_property
    def _packed(self) -> dict[str, Path]:
        """The file that stands for a run's results while the run waits in a pack, by the run's name."""
        return {run: self.pack_file(pack).with_suffix(".done") for pack, runs in self.packs.items() for run in runs}

    def row(self, folder: Path) -> Row | None:
        """The plan's row of a folder of results; None in a job, and for results of another config."""
        if self.plan is None:
            return None
        return self.plan.runs.get(folder.name) or self.plan.rows.get(folder.name)

    def spec(self, folder: Path) -> dict[str, Any]:
        """The spec of a row: as planned or, in a job, as it was written before it started."""
        self.begin()
        if row := self.row(folder):
            return row.spec
        return self._written(folder, SPEC)

    def inputs(self, folder: Path) -> Inputs:
        """Where the job of a row finds what it reads: as planned or, in a job, as it was written before it started."""
        self.begin()
        if row := self.row(folder):
            return row.inputs
        return Inputs(**self._written(folder, INPUTS))

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

    def cached_spec(self, folder: str) -> dict[str, Any]:
        """The spec of a folder of tokens or features in the cache."""
        self.begin()
        planned = self.plan.cached if self.plan else {}
        return planned[folder] if folder in planned else read_json(self.cache / folder / SPEC)

    def request(self, name: str) -> Path:
        """A document that results are made from, `plan.json` or `explanations.json`; newer than they if it asks for others."""
        self.begin()
        path = self.home / name
        if self.plan is not None and self.only_looks:
            document = self.plan.document() if name == PLAN else self.plan.explanations
            return write_request(document, path, beside=self.workflow.snakemake_tmp_dir)
        return path

    def results_of(self, row: Row) -> Path:
        """The file that is there once a row's predictions are whole and of the present texts."""
        folder = self.home / row.folder
        if row.kind != "run":
            return folder / BASELINE_FILES[-1]
        if row.name in self._packed:
            return self._packed[row.name]
        return self.state.renewed(row) or folder / RESULT_FILES[-1]

    @functools.cache  # noqa: B019 - one study a process
    def unfinished(self) -> list[Path]:
        """A missing file of every row that lacks one: as targets they are made, as mere inputs of finished tables they would not be."""
        self.begin()
        if self.plan is None:
            return []
        state, targets = self.state, []
        for row in state.rows:
            if missing := state.missing[row.name]:
                targets.append(self._packed.get(row.name, missing))
            targets += [file for file in (state.renewed(row), state.lost_model(row)) if file]
        if text := renewals_text(state):
            print(text, file=sys.stderr)
        if targets and self.workflow.dryrun:
            print(space_text(self.plan, self.checked or {}, self.workflow, self.cache, self.home), file=sys.stderr)
        if targets:
            with plain_refusals():
                if text := foresight_text(self.plan, self.checked or {}, self.home):
                    print(text, file=sys.stderr)
        return list(dict.fromkeys(targets))

    def explained_run(self) -> str:
        """The run that the config wants to be explained, by its name or as the best one; read from the table of models."""
        with plain_refusals():
            return explained_run(self.home, self.config.get("explanations", {}).get("run", "best"))

    def why_unexplained(self, run: str) -> str:
        """Why a run cannot be explained; empty if it can, as far as is known."""
        return why_unexplained(self.cache / str(self.inputs(run_folder(self.home, run)).encoder))

    @functools.cache  # noqa: B019 - one study a process
    def tell_unexplained(self, run: str, reason: str) -> None:
        """Say that the study goes without the explanation of a run; at the end it is said again, if there was anything to do."""
        print(unexplained_text(run, reason), file=sys.stderr)

    def tell_end(self) -> None:
        """Say on the screen, when a start ends, what failed and why, or what the best run is; and what Slurm jobs used."""
        if self.plan is None:
            return
        logs = [log for job in self.workflow.scheduler.failed for log in job.log]
        on_cluster = not self.workflow.local_exec
        text = explain_end(self.home, Path.cwd(), logs, on_cluster=on_cluster, refusals=self.refusals)
        print(text + ("" if logs else self._explain_success()), file=sys.stderr, end="")

    def _explain_success(self) -> str:
        """What is said of a start that succeeded: the best run, the report, and why there is no explanation of the run if there is none."""
        text = explain_success(self.home)
        if not text or not self.plan or not self.plan.settings["explained"]:
            return text
        run = self.explained_run()
        reason = self.why_unexplained(run)
        return text + (f"{unexplained_text(run, reason)}\n" if reason else "")
