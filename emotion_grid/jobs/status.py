"""What became of each run: by its results on disk, by Snakemake's records and by Slurm's own. Only reads.

Imports neither torch nor Snakemake. For a whole grid one `squeue` and one `sacct` are asked.
"""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import find_damage, is_suspect, read_record
from emotion_grid.base.layout import PLAN, SPEC, experiment_at, study_home
from emotion_grid.base.messages import InputError
from emotion_grid.base.numbers import clock
from emotion_grid.data.splits import PROVENANCE, RESULT_FILES, missing_files
from emotion_grid.jobs.guard import Start, is_locked, last_start
from emotion_grid.jobs.records import Records, changed, slurm_time
from emotion_grid.jobs.slurm import Job, ended_jobs, queued_jobs

STATES = ("failed", "damaged", "running", "queued", "waiting", "done")
"""Of a run, what needs eyes first: ended without its results; changed since they were written; at work; in Slurm's queue; not begun; all
results there."""

IN_QUEUE = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD")
"""Slurm's words for a job that waits."""

SITE = "profiles/slurm/site.yaml"


@dataclass(frozen=True)
class Run:
    """What became of a run; what is not known is None.

    Attributes:
        name: of the run.
        encoder: its encoder.
        state: one of `STATES`.
        job: its job in Slurm.
        seconds: how long it took, or has been at work.
        log: the file to read.
        cells: its cells of the axes but those of repetitions.
        ended: when it was done, in seconds since 1970.
        score: its macro-F1 on validation at 0.5, once it is done.
    """

    name: str
    encoder: str
    state: str
    job: Job | None = None
    seconds: float | None = None
    log: Path | None = None
    cells: dict[str, Any] = field(default_factory=dict)
    ended: float | None = None
    score: float | None = None


@dataclass(frozen=True)
class Experiment:
    """What became of an experiment's runs, in the plan's order. `notes` say what could not be asked, `has_jobs` whether Slurm was."""

    home: Path
    runs: list[Run]
    start: Start | None
    packs: dict[str, list[str]]
    notes: list[str]
    has_jobs: bool = False


def experiment_status(home: Path, checkout: Path) -> Experiment:
    """What became of every run of an experiment's plan.

    Args:
        home: the experiment's folder of results.
        checkout: where Snakemake is started; its records lie there.

    Raises:
        InputError: there is no plan.
    """
    if not (home / PLAN).is_file():
        others = ", ".join(sorted(path.parent.name for path in home.parent.glob(f"*/{PLAN}"))) or "none"
        raise InputError(
            f"{home}: expected the results of an experiment ({PLAN}), found none; start it first (experiments in {home.parent}: {others})"
        )
    plan = read_json(home / PLAN)
    rows = [row for row in plan["rows"] if row["kind"] == "run"]
    start, notes, records = last_start(study_home(home)), [], Records(home, checkout)
    try:
        records.queue = {
            _rule_and_wildcards(job.label): job for job in (queued_jobs(checkout) if records.has_jobs else ())
        }
    except InputError as error:
        notes.append(f"{_first_line(error)} (so jobs that wait or run stand as failed or waiting)")
    runs = [replace(_state_of_run(row, records, start), cells=_cells(row, plan.get("repetitions", []))) for row in rows]
    numbers = [run.job.number for run in runs if run.job and not run.job.state]
    try:
        ended = ended_jobs(numbers, checkout) if records.has_jobs else {}
    except InputError as error:
        notes.append(f"{_first_line(error)} (so how jobs ended is not known)")
        ended = {}
    runs = [_with_accounting(run, records, ended) for run in runs]
    return Experiment(home, runs, start, records.packs, notes, records.has_jobs)


def _state_of_run(row: dict[str, Any], records: Records, start: Start | None) -> Run:
    """What became of a run, before Slurm's accounting is asked: jobs to ask for have no state yet."""
    name = row["run"]
    run = Run(name, str(row["columns"].get("encoder", "")), "waiting")
    program_log = records.program_log(name)
    written = changed(program_log)
    run = replace(run, log=program_log if written else None)
    folder = records.home / row["folder"]
    if not missing_files(folder, RESULT_FILES):
        provenance, broken = read_record(folder / PROVENANCE)
        if broken or _is_damaged(folder):
            return replace(run, state="damaged")
        return replace(
            run,
            state="done",
            job=_job_with_number(provenance.get("job")),
            seconds=provenance.get("total_seconds"),
            ended=_time_of_end(provenance.get("finished")),
            score=provenance.get("validation_macro_f1_at_0.5"),
        )
    for place in records.places(name):
        if job := records.queue.get(place):
            state = "queued" if job.state in IN_QUEUE else "running"
            if state == "running" and place[0] == "train_pack":
                where = records.position(place[1].removeprefix(records.prefix), name, slurm_time(job.begin) or 0)
                state = "failed" if where < 0 else "queued" if where else "running"
            log = run.log if state in ("running", "failed") else None
            return replace(run, state=state, job=job, seconds=job.seconds, log=log)
    marker = records.marker(name)
    if marker and marker.number is None and start and start.at_work is not False:
        return replace(run, state="running", seconds=time.time() - marker.since)
    slurm_log = records.last_log(name)
    number = slurm_log.stem if slurm_log else marker.number if marker else None
    spec = records.home / row["folder"] / SPEC
    if (
        not number and spec.is_file() and is_locked(spec)
    ):  # its Snakemake was killed on this machine, and the program goes on
        return replace(run, state="running", seconds=time.time() - written if written else None)
    tried = max(written or 0, (slurm_log and changed(slurm_log)) or 0, marker.since if marker else 0)
    if not tried or (start and start.at_work and tried < start.since):
        return replace(run, log=None)
    return replace(run, state="failed", job=_job_with_number(number), log=run.log or slurm_log)


def _cells(row: dict[str, Any], repetitions: Sequence[str]) -> dict[str, Any]:
    """What tells the setting of a row of the plan from others."""
    return {name: value for name, value in row["columns"].items() if name not in repetitions}


def _time_of_end(finished: str | None) -> float | None:
    """The time that provenance.json has, in seconds since 1970."""
    return datetime.strptime(finished, "%Y-%m-%dT%H:%M:%S%z").timestamp() if finished else None


def _is_damaged(folder: Path) -> bool:
    """Whether a file of a finished run was changed after the run's record, and does not match it; no process writes there now."""
    record, names = folder / PROVENANCE, [*RESULT_FILES[:-1], SPEC]
    return is_suspect(record, names) and bool(find_damage(record)) and not is_locked(folder / SPEC)


def _with_accounting(run: Run, records: Records, ended: dict[int, Job]) -> Run:
    """A run with what Slurm's accounting says of its job."""
    if not run.job or run.job.state:
        return run
    job = ended.get(run.job.number, run.job)
    begin, seconds = slurm_time(job.begin), run.seconds if run.state == "done" else job.seconds
    run = replace(run, job=job, seconds=seconds)
    if run.state != "failed" or not begin or (changed(records.program_log(run.name)) or 0) >= begin:
        return run
    if records.waits_behind_another(run.name):
        return replace(run, state="waiting", job=None, seconds=None, log=None)
    # The program was never reached: the job's own log tells why.
    return replace(run, log=records.last_log(run.name) or run.log)


def _rule_and_wildcards(label: str) -> tuple[str, str]:
    """Rule and wildcards, from what Snakemake's executor writes into a job's comment."""
    rule, _, wildcards = label.removeprefix("rule_").partition("_wildcards_")
    return rule, wildcards


def _job_with_number(number: int | str | None) -> Job | None:
    """A job of which only the number is known."""
    return Job(int(str(number)), "", "", "") if str(number).isdigit() else None


def counts(experiment: Experiment) -> str:
    """How many runs are in each state."""
    states = Counter(run.state for run in experiment.runs)
    number = len(experiment.runs)
    return f"{experiment_at(experiment.home)}: {number} run{'s' * (number != 1)}: " + ", ".join(
        f"{states[state]} {state}" for state in STATES if states[state]
    )


def overview(experiment: Experiment) -> str:
    """How many runs are in each state, whether a start is at work, and what could not be asked."""
    lines = [counts(experiment)]
    if experiment.start:
        words = {
            True: "Snakemake is running, {}",
            False: "Snakemake is not running; the last start was {}",
            None: "The last start was {}; only that host can tell whether it is still running",
        }
        lines.append(words[experiment.start.at_work].format(experiment.start.owner))
    return "\n".join([*lines, *experiment.notes])


def runs_text(experiment: Experiment, states: Iterable[str] = STATES) -> str:
    """A line a run: state, Slurm's job id, time used, name, log, and how its job stands or ended."""
    rows = [("state", "job", "time", "run", "log", "Slurm")]
    for state in STATES:
        rows += [
            (
                run.state,
                str(run.job.number) if run.job else "-",
                clock(run.seconds),
                run.name,
                str(run.log or "-"),
                run.job.state if run.job and run.job.state and state != "done" else "-",
            )
            for run in experiment.runs
            if run.state == state and state in states
        ]
    return text_table(rows) if len(rows) > 1 else ""


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def text_table(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows of text in columns two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
