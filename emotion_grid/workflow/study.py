"""The study of one start of Snakemake: its folders, its parts, and what is still to be made."""

import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import read_record
from emotion_grid.base.layout import (
    ENCODERS,
    REPORT,
    SPEC,
    TOKENS,
    TOKENS_OF_SETS,
    experiment_of_set,
    run_folder,
)
from emotion_grid.base.messages import InputError
from emotion_grid.base.sharing import check_writable, explained_refusals, shared, shared_umask
from emotion_grid.config.sets import names_sets, set_names
from emotion_grid.container.image import runtime
from emotion_grid.encoders.facts import why_unexplained
from emotion_grid.encoders.size import with_size
from emotion_grid.encoders.sources import encoder_key
from emotion_grid.jobs.cluster import check_gpu_memory, memory_note
from emotion_grid.jobs.failures import explain_end
from emotion_grid.jobs.guard import Guard
from emotion_grid.jobs.needs import least_gpu_mb, training_mb
from emotion_grid.jobs.outcome import explain_success
from emotion_grid.jobs.records import unmark_finished
from emotion_grid.jobs.site import load_site
from emotion_grid.jobs.survivors import cancel_survivors, job_prefix
from emotion_grid.plan.inputs import longest_line
from emotion_grid.plan.plan import Row
from emotion_grid.plan.specs import Inputs, source_spec
from emotion_grid.plan.writing import write_request, write_specs
from emotion_grid.submission.form import BEST
from emotion_grid.workflow.cluster import prepare_cluster
from emotion_grid.workflow.configs import checked_configs
from emotion_grid.workflow.damage import put_aside
from emotion_grid.workflow.errors import plain_refusals
from emotion_grid.workflow.explained import explained_run, unexplained_text
from emotion_grid.workflow.foresight import foresight_text
from emotion_grid.workflow.image import StudyImage, study_paths
from emotion_grid.workflow.new_texts import labels_file, new_texts_file
from emotion_grid.workflow.part import Part
from emotion_grid.workflow.patches import quote_for_shells
from emotion_grid.workflow.record import record_start
from emotion_grid.workflow.submitted import submitted_tests
from emotion_grid.workflow.telling import labels_text, renewals_text, space_text

LOCAL_RULES = ("all", "ask", "build_container", "explain", "label", "paper", "submission")
"""Rules that compute nothing, or build the image."""

LIGHT_RULES = (
    "prepare",
    "tokenize_texts",
    "predict_row",
    "ensemble",
    "evaluate",
    "keep_models",
    "compare",
    "compare_annotators",
    "report",
    "export_paper",
    "write_submission",
)
"""Rules that train nothing: on a cluster they are jobs only if the site asks for it."""

RULES_OF_SETS = ("compare_sets", "report_sets")
"""Those of a study on several data sets."""


class Study:
    """The study of one start of Snakemake.

    The process that a user starts makes the plans and writes the specs; its jobs, which read the Snakefile again, only read specs.

    Args:
        workflow: Snakemake's workflow.
        config: Snakemake's config, not checked yet.

    Attributes:
        cache: folder of what experiments share.
        results: folder of all experiments' results.
        home: the experiment's folder of results.
        answers: folder of the answers of language models, which experiments share.
        cache_umask: the umask of programs that write to the cache.
        parts: the parts of the study, one for each data set, by what the rules call `experiment`; in a job, those that it has asked for.
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
            configs = self._checked_configs()
        self.cache = Path(config.get("cache_root", "cache")).expanduser()
        self.results = Path(config.get("results_root", "results")).expanduser()
        self.experiment = str(config.get("experiment", ""))
        self.home = self.results / self.experiment
        with plain_refusals():
            self.parts = self._planned(configs)
            self.site = load_site()
        self.answers = Path(config.get("answers_root", "answers")).expanduser()
        self.cache_umask = f"{shared_umask(self.cache):04o}"
        os.umask(shared_umask(self.home))  # of this process, and of the programs that write results
        self.contained = DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method
        self.keep = {"all": "all", "none": "results"}.get(config.get("keep_models", "best"), "best")
        self.image = self._image() if self.contained else None
        self.light_jobs = self.site["light_steps"] == "job" or (self.contained and not runtime())

    def _checked_configs(self) -> dict[str, dict[str, Any]]:
        """The checked config of each data set; none in a job, whose start has checked them."""
        if not self.is_planned:
            return {}
        configs, without = checked_configs(self.config, dict(self.workflow.config_settings.config))
        if without:
            print(labels_text(without), file=sys.stderr)
        return configs

    def _planned(self, configs: dict[str, dict[str, Any]]) -> dict[str, Part]:
        """The parts with their plans.

        Raises:
            InputError: a grid, an encoder or a data file that cannot be, with the name of the data set.
        """
        parts = {}
        for name, checked in configs.items():
            experiment = experiment_of_set(self.experiment, name)
            try:
                parts[experiment] = Part(experiment, self.config, checked, self.results, self.cache)
            except InputError as error:
                raise InputError(f"data set {name}: {error}" if name else str(error)) from None
        return parts

    @property
    def is_planned(self) -> bool:
        """Whether this is the process that a user started, and no job of it."""
        return bool(self.workflow.is_main_process)

    @property
    def has_sets(self) -> bool:
        """Whether the study is on several data sets."""
        return names_sets(self.config)

    @property
    def experiments(self) -> list[str]:
        """What the rules call the parts of the study; in a job, too."""
        if self.is_planned or not self.has_sets:
            return list(self.parts) or [self.experiment]
        return [experiment_of_set(self.experiment, name) for name in set_names(self.config)]

    def part(self, experiment: str) -> Part:
        """A part of the study, or of another one, of which only what is written can be told.

        Args:
            experiment: what the rules call it.
        """
        if experiment not in self.parts:
            if self.is_planned:
                return Part(experiment, self.config, None, self.results, self.cache)
            self.parts[experiment] = Part(experiment, self.config, None, self.results, self.cache)
        return self.parts[experiment]

    def part_with(self, folder: Path) -> Part:
        """The part that a row's folder of results belongs to."""
        return self.part(folder.parents[1].relative_to(self.results).as_posix())

    def _check_threads(self) -> None:
        """Refuse a start with fewer cores than the threads of a run that it would train: threads decide a result's last digits.

        Raises:
            InputError: with both numbers.
        """
        cores = self.workflow.resource_settings.cores
        if not self.is_planned or self.workflow.executor_plugin is None or not self.workflow.local_exec or not cores:
            return
        if self.workflow.dryrun and self.workflow.resource_settings.nodes:
            return  # a dry run does not say whether runs would be jobs, which ask for their own cores
        if (most := max(self._threads, default=0)) > cores:
            raise InputError(
                f"training.threads: expected at most the cores of this start ({cores}), found {most}; with fewer cores than "
                f"threads the results would differ slightly. Start with --cores {most}, or set training.threads to {cores}"
            )

    def _check_memory(self) -> None:
        """Refuse a start for a cluster whose GPUs do not hold a run that it would train; of jobs with too little memory beside, say so.

        Raises:
            InputError: with what such runs need and what there is.
        """
        if self.is_planned and self.workflow.executor_plugin is not None and self.workflow.resource_settings.nodes:
            runs = [(part, row) for part in self.parts.values() for row in part.state.unfinished if row.kind == "run"]
            sized = {row.name: (self.sized(row.spec), longest_line(part.raw)) for part, row in runs}
            check_gpu_memory({name: least_gpu_mb(*run) for name, run in sized.items()}, self.site)
            needs = {name: training_mb(*run, self.site["gpus"]) for name, run in sized.items()}
            if note := memory_note(needs, self.site):
                print(note, file=sys.stderr)

    @property
    def _threads(self) -> list[int]:
        """Threads of each run that is not finished."""
        rows = [row for part in self.parts.values() for row in part.state.unfinished]
        return [row.spec["training"]["threads"] for row in rows if row.kind == "run"]

    @property
    def local_rules(self) -> list[str]:
        """Rules that run where Snakemake runs, whatever the cluster."""
        outside = ["ask_model", "fetch_dataset", "fetch_encoder"] if runtime() or not self.contained else []
        light = [*LIGHT_RULES, *(RULES_OF_SETS if self.has_sets else ())]
        return [*LOCAL_RULES, *outside, *([] if self.light_jobs else light)]

    def image_path(self, wildcards: Any) -> str | None:
        """What every rule runs in; None where no profile asks for an image."""
        return self.image.path if self.image else None

    def _image(self) -> StudyImage:
        """The image, with all that the programs must see inside."""
        configs = [part.raw for part in self.parts.values()] or [self.config]
        folders = [self.cache, self.results, *([self.answers] if self.config.get("language_models") else [])]
        paths = [path for config in configs for path in study_paths(config, self.site, folders)]
        models = self.config.get("language_models", {}).values()
        variables = [entry["key_from"] for entry in models if "key_from" in entry]
        return StudyImage(self.workflow, self.site, self.cache, list(dict.fromkeys(paths)), variables)

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
        return Guard(self.home, self.experiment) if self.is_planned and not self.only_looks else None

    @functools.cache  # noqa: B019 - one study a process
    def begin(self) -> None:
        """Before anything runs: take the experiment's guard, write the specs and record the start.

        Input functions call it, since reading the Snakefile alone must neither take a guard nor write, and since only now it is known
        whether runs would be jobs. Who only looks (`-n`, `--dag`, `--summary`, `--lint`, ...) does neither, and a job only reads.
        """
        if self.is_planned and self.image:
            self.image.path  # noqa: B018 - checked before anything runs
        with plain_refusals():
            self._check_threads()
            self._check_memory()
        if not self.is_planned:
            return
        with plain_refusals():
            for part in self.parts.values():
                for damage in (part.state.damaged_results, part.state.damaged_inputs):
                    if damage.found:
                        print(damage.tell(self.only_looks), file=sys.stderr)
        if self.only_looks:
            return
        with plain_refusals():
            assert self.guard is not None
            if not self.workflow.local_exec:
                self._begin_on_cluster(self.guard)
            for part in self.parts.values():
                self._begin_part(part)
            if self.config.get("language_models"):
                with explained_refusals(self.answers):
                    self.answers.mkdir(parents=True, exist_ok=True)
            if self.has_sets:
                with explained_refusals(self.home):
                    write_request(self._tokens_of_parts(), self.home / TOKENS_OF_SETS)
            check_writable(
                list(dict.fromkeys(path for part in self.parts.values() for path in part.state.folders_to_write()))
            )

    def _begin_on_cluster(self, guard: Guard) -> None:
        """Find out what Slurm will refuse, and cancel the jobs that an earlier start left behind."""
        self.refusals = prepare_cluster(self.workflow, max(self._threads, default=1), self.site["partition"])
        self.workflow.executor_settings.jobname_prefix = job_prefix(self.home)
        # As a script: between the quotes of `sbatch --wrap="..."` a shell would read `$` in paths.
        self.workflow.executor_settings.pass_command_as_script = True
        if cancelled := cancel_survivors(self.home, guard.held):
            print(f"Cancelled jobs of an earlier start: {', '.join(cancelled)}", file=sys.stderr)

    def _begin_part(self, part: Part) -> None:
        """Move what is damaged aside, and write what the jobs of a part read."""
        assert part.plan is not None
        with explained_refusals(part.home):
            put_aside(part.state.damaged_results, part.home)
        with explained_refusals(self.cache), shared(self.cache):
            put_aside(part.state.damaged_inputs, self.cache, shared=True)
        finished = {row.name for row in part.state.finished}
        write_specs(part.plan, part.home, self.cache, finished)
        with explained_refusals(part.home):
            record_start(part.config, part.home)
            unmark_finished(part.home, Path.cwd(), finished)
            part.write_packs(self.packs[part.experiment], self.site["at_once"])

    def _tokens_of_parts(self) -> dict[str, str]:
        """A part with the texts of each folder of tokens."""
        return {
            folder: part.experiment
            for part in self.parts.values()
            if part.plan
            for folder in part.plan.cached
            if folder.startswith(f"{TOKENS}/")
        }

    def part_of_tokens(self, folder: str) -> Part:
        """A part whose files hold the texts of a folder of tokens in the cache."""
        if self.is_planned:
            return self.parts[self._tokens_of_parts()[folder]]
        record = self.home / TOKENS_OF_SETS
        return self.part(read_json(record)[folder] if record.is_file() else self.experiment)

    @functools.cached_property
    def packs(self) -> dict[str, dict[str, list[str]]]:
        """Runs still to be made that share a job, by the pack's name, for each part; none where every run is a job of its own."""
        return {name: {} if self.workflow.local_exec else part.packs(self.site) for name, part in self.parts.items()}

    @functools.cached_property
    def _packed(self) -> dict[tuple[str, str], Path]:
        """The file that stands for a run's results while the run waits in a pack, by the part and the run's name."""
        return {
            (name, run): self.parts[name].pack_file(pack).with_suffix(".done")
            for name, packs in self.packs.items()
            for pack, runs in packs.items()
            for run in runs
        }

    def spec(self, folder: Path) -> dict[str, Any]:
        """The spec of a row: as planned or, in a job, as it was written before it started."""
        self.begin()
        return self.part_with(folder).spec(folder)

    def inputs(self, folder: Path) -> Inputs:
        """Where the job of a row finds what it reads: as planned or, in a job, as it was written before it started."""
        self.begin()
        return self.part_with(folder).inputs(folder)

    def sized(self, spec: dict[str, Any]) -> dict[str, Any]:
        """A spec with its encoder's parameters and vocabulary, where they are known by now.

        Args:
            spec: of a run or of tokens.
        """
        source = source_spec(spec["encoder"])
        return {**spec, "encoder": {**spec["encoder"], **self.encoder_spec(encoder_key(source))}}

    def encoder_spec(self, key: str) -> dict[str, Any]:
        """The spec of an encoder with its parameters and vocabulary, where they are known by now.

        Args:
            key: of its folder in the cache.
        """
        folder = self.cache / ENCODERS / key
        planned = [part.plan.encoders[key] for part in self.parts.values() if part.plan and key in part.plan.encoders]
        if planned:
            return with_size(planned[0].spec, folder, planned[0].model)
        spec, _ = read_record(folder / SPEC)
        model = spec.pop("source", "")
        return with_size(source_spec(spec), folder, model)

    def cached_spec(self, folder: str) -> dict[str, Any]:
        """The spec of a folder of tokens or features in the cache."""
        self.begin()
        planned = [part.plan.cached[folder] for part in self.parts.values() if part.plan and folder in part.plan.cached]
        return planned[0] if planned else read_json(self.cache / folder / SPEC)

    def request(self, experiment: str, name: str) -> Path:
        """A document that results are made from, `plan.json` or `explanations.json`; newer than they if it asks for others."""
        self.begin()
        beside = Path(self.workflow.snakemake_tmp_dir) if self.is_planned and self.only_looks else None
        return self.part(experiment).request(name, beside)

    def results_of(self, part: Part, row: Row) -> Path:
        """The file that is there once a row's predictions are whole and of the present texts."""
        return self._packed.get((part.experiment, row.name)) or part.results_of(row)

    @functools.cache  # noqa: B019 - one study a process
    def unfinished(self) -> list[Path]:
        """A missing file of every row that lacks one: as targets they are made, as mere inputs of finished tables they would not be."""
        self.begin()
        targets = [file for part in self.parts.values() for file in self._unfinished(part)]
        if targets and self.workflow.dryrun:
            print(space_text(list(self.parts.values()), self.workflow, self.cache, self.home), file=sys.stderr)
        if targets:
            with plain_refusals():
                if text := foresight_text(list(self.parts.values())):
                    print(text, file=sys.stderr)
        return list(dict.fromkeys(targets))

    def _unfinished(self, part: Part) -> Iterator[Path]:
        """The missing files of a part."""
        state = part.state
        for row in state.rows:
            if missing := state.missing[row.name]:
                yield self._packed.get((part.experiment, row.name), missing)
            yield from (file for file in (state.renewed(row), state.lost_model(row)) if file)
        if text := renewals_text(state):
            print(text, file=sys.stderr)

    @property
    def new_texts(self) -> Path:
        """The file of new texts that the config names."""
        with plain_refusals():
            return new_texts_file(self.config)

    def labels_file(self, part: Part, texts: Path) -> Path:
        """The file of the labels that the best run of a part gives to new texts."""
        with plain_refusals():
            return labels_file(part.home, explained_run(part.home, "best"), texts)

    @functools.cached_property
    def submitted(self) -> dict[str, tuple[Part, Path]]:
        """The part that answers each language of a submission, and its test file."""
        with plain_refusals():
            return submitted_tests(map(self.part, self.experiments), self.submitted_row)

    @property
    def submitted_row(self) -> str:
        """The row whose answers are to be handed in, as the config names it."""
        return str(self.config.get("submission", BEST))

    def why_unexplained(self, part: Part, run: str) -> str:
        """Why a run cannot be explained; empty if it can, as far as is known."""
        return why_unexplained(self.cache / str(self.inputs(run_folder(part.home, run)).encoder))

    @functools.cache  # noqa: B019 - one study a process
    def tell_unexplained(self, run: str, reason: str) -> None:
        """Say that the study goes without the explanation of a run; at the end it is said again, if there was anything to do."""
        print(unexplained_text(run, reason), file=sys.stderr)

    def tell_end(self) -> None:
        """Say on the screen, when a start ends, what failed and why, or what the best run is; and what Slurm jobs used."""
        if not self.is_planned:
            return
        logs = [Path(log) for job in self.workflow.scheduler.failed for log in job.log]
        for part in self.parts.values():
            own = [log for log in logs if self._part_with_log(log) is part]
            text = explain_end(
                part.home, Path.cwd(), own, on_cluster=not self.workflow.local_exec, refusals=self.refusals
            )
            print(text, file=sys.stderr, end="")
        if not logs:
            print(self._explain_success(), file=sys.stderr, end="")

    def _part_with_log(self, log: Path) -> Part:
        """The part that a log belongs to; the first one for those of the cache."""
        return next(
            (part for part in self.parts.values() if log.is_relative_to(part.home)), next(iter(self.parts.values()))
        )

    def _explain_success(self) -> str:
        """What is said of a start that succeeded: the best run and the report, or the report on all data sets."""
        if self.has_sets:
            report = self.home / REPORT
            return f"\nReport on all data sets: {report}\n" if report.is_file() else ""
        (part,) = self.parts.values()
        text = explain_success(part.home)
        if not text or not part.plan or not part.plan.settings["explained"]:
            return text
        run = part.explained_run
        reason = self.why_unexplained(part, run)
        return text + (f"{unexplained_text(run, reason)}\n" if reason else "")
