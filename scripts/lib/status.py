"""What became of each run: by its results on disk, by Snakemake's records and by Slurm's own. Only reads.

Imports neither torch nor Snakemake. For a whole grid one `squeue` and one `sacct` are asked.
"""

import base64
import json
import math
import os
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from scripts.lib.cluster import Job, ended_jobs, queued_jobs
from scripts.lib.files import InputError, read_json
from scripts.lib.guard import Start, last_start
from scripts.lib.splits import RESULT_FILES, missing_files

STATES = ("failed", "running", "queued", "waiting", "done")
"""Of a run, what needs eyes first: ended without its results; at work; in Slurm's queue; not begun; all results there."""

IN_QUEUE = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD")
"""Slurm's words for a job that waits."""

SITE = "profiles/slurm/site.yaml"

CONTINUES = "the same command continues from the last checkpoint"

ADVICE = {
    "OUT_OF_MEMORY": f"raise mem_mb_retry (and mem_mb) in {SITE}; {CONTINUES}",
    "TIMEOUT": f"raise runtime in {SITE}, if the partition allows more; {CONTINUES}",
    "NODE_FAIL": f"nothing is wrong with the run, its node was lost; {CONTINUES}",
    "PREEMPTED": f"nothing is wrong with the run, another job took its place; {CONTINUES}",
    "CANCELLED": f"somebody cancelled the job (scancel, or a stopped start); {CONTINUES}",
}
"""What to do about a run, by the state in which its job ended."""

MEND = "mend what the log says; the same command then trains only what is missing"

LINES, MESSAGE_LINES, SHOWN = 5, 20, 10
"""Lines shown of a log, lines of a program's own error message at most, and failed runs shown in full."""


@dataclass(frozen=True)
class Run:
    """What became of a run. `log` is the file to read; what is not known is None."""

    name: str
    encoder: str
    state: str
    job: Job | None = None
    seconds: float | None = None
    log: Path | None = None


@dataclass(frozen=True)
class Experiment:
    """What became of an experiment's runs, in the plan's order. `notes` say what could not be asked."""

    home: Path
    runs: list[Run]
    start: Start | None
    packs: dict[str, list[str]]
    notes: list[str]


def look(home: Path, checkout: Path) -> Experiment:
    """What became of every run of an experiment's plan.

    Args:
        home: the experiment's folder of results.
        checkout: where Snakemake is started; its records lie there.

    Raises:
        InputError: there is no plan.
    """
    if not (home / "plan.json").is_file():
        others = ", ".join(sorted(path.parent.name for path in home.parent.glob("*/plan.json"))) or "none"
        raise InputError(
            f"{home}: expected the results of an experiment (plan.json), found none; start it first (experiments in {home.parent}: {others})"
        )
    rows = [row for row in read_json(home / "plan.json")["rows"] if row["kind"] == "run"]
    start, notes, records = last_start(home), [], Records(home, checkout)
    try:
        records.queue = {_places(job.label): job for job in (queued_jobs(checkout) if records.has_jobs else ())}
    except InputError as error:
        notes.append(f"{_first_line(error)} (so jobs that wait or run stand as failed or waiting)")
    runs = [_look_at(row, records, start) for row in rows]
    numbers = [run.job.number for run in runs if run.job and not run.job.state]
    try:
        ended = ended_jobs(numbers, checkout) if records.has_jobs else {}
    except InputError as error:
        notes.append(f"{_first_line(error)} (so how jobs ended is not known)")
        ended = {}
    return Experiment(home, [_with_accounting(run, records, ended) for run in runs], start, records.packs, notes)


class Records:
    """What Snakemake and its executor for Slurm wrote down about the jobs of an experiment."""

    def __init__(self, home: Path, checkout: Path):
        self.home = home
        self.logs = Path(os.path.relpath(checkout / ".snakemake" / "slurm_logs"))
        self.has_jobs = self.logs.is_dir()
        self.queue: dict[tuple[str, str], Job] = {}
        self.packs = {path.stem: read_json(path)["runs"] for path in sorted((home / "packs").glob("*.json"))}
        self._packs_of: dict[str, list[str]] = {}
        for pack, members in self.packs.items():
            for name in members:
                self._packs_of.setdefault(name, []).append(pack)
        self.begun = _begun(home, checkout)

    def places(self, name: str) -> list[tuple[str, str]]:
        """Rule and wildcards of the jobs that may train a run: its own, and those of the packs that hold it."""
        packs = [("train_pack", f"{self.home.name}_{pack}") for pack in self._packs_of.get(name, [])]
        return [("train", f"{self.home.name}_{name}"), *packs]

    def marker(self, name: str) -> "Marker | None":
        """Snakemake's mark that a job of the run was begun and has not ended."""
        folders = [("runs", name), *(("packs", pack) for pack in self._packs_of.get(name, []))]
        return next((self.begun[folder] for folder in folders if folder in self.begun), None)

    def last_log(self, name: str) -> Path | None:
        """Slurm's log of the last job that was to train a run; its name is the job's id."""
        logs = []
        for rule, wildcards in self.places(name):
            folder = self.logs / f"rule_{rule}" / wildcards
            try:
                logs += [log for log in folder.iterdir() if log.stem.isdigit()]
            except FileNotFoundError:
                pass
        return max(logs, key=lambda log: int(log.stem), default=None)

    def position(self, pack: str, name: str, begin: float) -> int:
        """Where a run stands in its running pack: below 0 before the member at work, 0 at work, above 0 after it."""
        members = self.packs[pack]
        written = [i for i, member in enumerate(members) if (_changed(self.program_log(member)) or 0) >= begin]
        return members.index(name) - max(written, default=-1)

    def waits_behind_another(self, name: str) -> bool:
        """Whether a run's last job was a pack's, and an earlier member of it is unfinished, too."""
        log = self.last_log(name)
        if not log or log.parent.parent.name != "rule_train_pack":
            return False
        members = self.packs[log.parent.name.removeprefix(f"{self.home.name}_")]
        earlier = members[: members.index(name)]
        return any(missing_files(self.home / "runs" / member, RESULT_FILES) for member in earlier)

    def program_log(self, name: str) -> Path:
        """The log of the training program."""
        return self.home / "runs" / name / "train.log"


@dataclass(frozen=True)
class Marker:
    """Snakemake's mark of a job under way: its id in Slurm (None: on this machine), and since when."""

    number: int | None
    since: float


def _begun(home: Path, checkout: Path) -> dict[tuple[str, str], Marker]:
    """Snakemake's marks of files being made, by the first two parts of their paths in the experiment's folder."""
    found, root = {}, checkout / ".snakemake" / "incomplete"
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            # A long name is cut into folders that begin with @.
            key = "".join(part.removeprefix("@") for part in path.relative_to(root).parts)
            try:
                made = checkout / base64.b64decode(key, altchars=b"-_").decode()
                place = made.resolve().relative_to(home.resolve()).parts
                number = json.loads(path.read_text()).get("external_jobid")
                since = path.stat().st_mtime
            except (OSError, ValueError):
                continue  # it has just ended, or is no file of this experiment
            if len(place) > 1:
                found[place[0], Path(place[1]).stem if place[0] == "packs" else place[1]] = Marker(
                    int(number) if str(number).isdigit() else None, since
                )
    return found


def _look_at(row: dict, records: Records, start: Start | None) -> Run:
    """What became of a run, before Slurm's accounting is asked: jobs to ask for have no state yet."""
    name = row["run"]
    run = Run(name, str(row["columns"].get("encoder", "")), "waiting")
    program_log = records.program_log(name)
    written = _changed(program_log)
    run = replace(run, log=program_log if written else None)
    if not missing_files(records.home / row["folder"], RESULT_FILES):
        made = read_json(records.home / row["folder"] / "provenance.json")
        return replace(run, state="done", job=_unknown(made.get("job")), seconds=made.get("total_seconds"))
    for place in records.places(name):
        if job := records.queue.get(place):
            state = "queued" if job.state in IN_QUEUE else "running"
            if state == "running" and place[0] == "train_pack":
                where = records.position(place[1].removeprefix(f"{records.home.name}_"), name, _time(job.begin) or 0)
                state = "failed" if where < 0 else "queued" if where else "running"
            log = run.log if state in ("running", "failed") else None
            return replace(run, state=state, job=job, seconds=job.seconds, log=log)
    marker = records.marker(name)
    if marker and marker.number is None and start and start.at_work is not False:
        return replace(run, state="running", seconds=time.time() - marker.since)
    slurm_log = records.last_log(name)
    number = slurm_log.stem if slurm_log else marker and marker.number
    tried = max(written or 0, (slurm_log and _changed(slurm_log)) or 0, marker.since if marker else 0)
    if not tried or (start and start.at_work and tried < start.since):
        return replace(run, log=None)
    return replace(run, state="failed", job=_unknown(number), log=run.log or slurm_log)


def _with_accounting(run: Run, records: Records, ended: dict[int, Job]) -> Run:
    """A run with what Slurm's accounting says of its job."""
    if not run.job or run.job.state:
        return run
    job = ended.get(run.job.number, run.job)
    begin, seconds = _time(job.begin), run.seconds if run.state == "done" else job.seconds
    run = replace(run, job=job, seconds=seconds)
    if run.state != "failed" or not begin or (_changed(records.program_log(run.name)) or 0) >= begin:
        return run
    if records.waits_behind_another(run.name):
        return replace(run, state="waiting", job=None, seconds=None, log=None)
    # The program was never reached: the job's own log tells why.
    return replace(run, log=records.last_log(run.name) or run.log)


def _places(label: str) -> tuple[str, str]:
    """Rule and wildcards, from what Snakemake's executor writes into a job's comment."""
    rule, _, wildcards = label.removeprefix("rule_").partition("_wildcards_")
    return rule, wildcards


def _unknown(number: int | str | None) -> Job | None:
    """A job of which only the number is known."""
    return Job(int(number), "", "", "") if str(number).isdigit() else None


def _changed(path: Path) -> float | None:
    """When a file was last written, or None if there is none."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _time(text: str) -> float | None:
    """A time as Slurm writes it, in seconds of the epoch; None for words such as Unknown."""
    try:
        return time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return None


def counts(found: Experiment) -> str:
    """How many runs are in each state."""
    states = Counter(run.state for run in found.runs)
    return f"{found.home.name}: {len(found.runs)} runs: " + ", ".join(
        f"{states[state]} {state}" for state in STATES if states[state]
    )


def overview(found: Experiment) -> str:
    """How many runs are in each state, whether a start is at work, and what could not be asked."""
    lines = [counts(found)]
    if found.start:
        words = {
            True: "A start is at work, {}",
            False: "No start is at work; the last was {}",
            None: "The last start was {}; only that host can tell whether it is still at work",
        }
        lines.append(words[found.start.at_work].format(found.start.owner))
    return "\n".join([*lines, *found.notes])


def run_table(found: Experiment, states: Iterable[str] = STATES) -> str:
    """A line a run: state, Slurm's job id, time used, name, log, and how its job stands or ended."""
    rows = [("state", "job", "time", "run", "log", "Slurm")]
    for state in STATES:
        rows += [
            (
                run.state,
                str(run.job.number) if run.job else "-",
                _clock(run.seconds),
                run.name,
                str(run.log or "-"),
                run.job.state if run.job and run.job.state and state != "done" else "-",
            )
            for run in found.runs
            if run.state == state and state in states
        ]
    return _table(rows) if len(rows) > 1 else ""


def efficiency(found: Experiment) -> str:
    """Time and memory that ended jobs asked for and used, by encoder, and what would do next time; empty without such jobs."""
    jobs: dict[int, tuple[Job, set[str]]] = {}
    for run in found.runs:
        if run.state in ("done", "failed") and run.job and run.job.state != "RUNNING" and run.job.asked_seconds:
            jobs.setdefault(run.job.number, (run.job, set()))[1].add(run.encoder)
    groups: dict[str, list[Job]] = {}
    for job, encoders in jobs.values():
        groups.setdefault(" + ".join(sorted(encoders)), []).append(job)
    if not groups:
        return ""
    rows, needs = [("encoder", "jobs", "time asked", "longest", "memory asked", "most used", "would do")], []
    for name, group in sorted(groups.items()):
        need = _enough(group)
        needs.append(need)
        rows.append(
            (
                name,
                str(len(group)),
                _clock(max(job.asked_seconds for job in group)),
                _clock(max(job.seconds for job in group)),
                _size(_most(job.asked_mb for job in group)),
                _size(_most(job.mb for job in group)),
                f"{need[0]} min, {_size(need[1])}",
            )
        )
    memory = _most(need[1] for need in needs)
    shared = sum(run.job is not None and run.job.number in jobs for run in found.runs) > len(jobs)
    bounds = [] if shared else [f"runtime: {max(need[0] for need in needs)}"]  # less time would make packs smaller
    bounds += [f"mem_mb: {memory}"] if memory else []
    advice = f"\nNext time, for such runs, in {SITE}: {', '.join(bounds)}" if bounds else ""
    return f"Asked and used (Slurm's accounting):\n{_table(rows)}{advice}"


def _enough(jobs: list[Job]) -> tuple[int, int | None]:
    """Minutes and megabytes that would do for such jobs: half as much time again and a fifth more memory than the greediest used.

    Where one ran out, twice what it had.
    """
    seconds = max(job.seconds * (2 if job.state == "TIMEOUT" else 1.5) for job in jobs)
    memory = _most(job.mb * (2 if job.state == "OUT_OF_MEMORY" else 1.2) for job in jobs if job.mb)
    return math.ceil(seconds / 300) * 5, math.ceil(memory / 100) * 100 if memory else None


def explain_end(home: Path, checkout: Path, failed: Iterable[Path] = (), on_cluster: bool = False) -> str:
    """What a start of the workflow leaves on the screen: each failure with its cause, and what jobs asked for and used.

    Args:
        home: the experiment's folder of results.
        checkout: where Snakemake was started.
        failed: logs of the steps that failed.
        on_cluster: whether runs were Slurm jobs.
    """
    try:
        found = look(home, checkout)
    except InputError as error:
        return f"\n{error}"
    runs, names, others = {run.name: run for run in found.runs}, [], []
    shared: set[str] = set()
    for log in sorted(map(Path, failed)):
        if log.parent == home / "packs":
            members = [name for name in found.packs.get(log.stem, []) if name in runs and runs[name].state == "failed"]
            shared.update(members)
        else:
            members = [log.parent.name] if log.name == "train.log" and log.parent.name in runs else []
        names += members
        others += [] if members else [log]
    parts = [_explain_run(runs[name], name in shared) for name in names[:SHOWN]]
    if len(names) > SHOWN:
        parts.append(f"{len(names) - SHOWN} more failed: make status EXPERIMENT={home.name} STATE=failed")
    parts += [_block(f"Failed: {log.stem}", log, MEND) for log in others]
    if on_cluster and (table := efficiency(found)):
        parts.append(table)
    if parts:
        parts.append(counts(found))
    return "\n" + "\n\n".join(parts) + "\n" if parts else ""


def _explain_run(run: Run, shared: bool) -> str:
    """A failed run: its job and how that ended, which log to read, its last lines, what to do.

    A job that several runs shared may have ended for another's sake: then a run's own last words count.
    """
    if not run.job:
        return _block(f"Failed: {run.name}", run.log, MEND)
    job = run.job
    asked = [_clock(job.asked_seconds)] if job.asked_seconds else []
    asked += [_size(job.asked_mb)] if job.asked_mb else []
    used = f" after {_clock(job.seconds)}" if job.seconds is not None else ""
    whose = ", shared by a pack" if shared else ""
    title = f"Failed: {run.name}\n  Slurm job {job.number}{whose}: {job.state or 'state not known'}{used}"
    advice = MEND if shared and run.log and _says_why(run.log) else ADVICE.get(job.state, MEND)
    return _block(title + (f" (asked for {', '.join(asked)})" if asked else ""), run.log, advice)


def _block(title: str, log: Path | None, advice: str) -> str:
    if not log or not log.is_file():
        return f"{title}\n  no log: it did not begin; Snakemake's message above says why"
    return "\n".join([title, f"  log: {log}", *(f"    | {line}" for line in last_lines(log)), f"  to do: {advice}"])


def last_lines(log: Path) -> list[str]:
    """The end of a log: a program's own error message if it ends in one, else the last lines; printable characters only.

    Of Slurm's own log of a job more is shown, since Snakemake's words of farewell come last there.
    """
    lines = _end_of(log)
    messages = [i for i, line in enumerate(lines) if line.startswith("error: ")]
    if messages:
        return lines[messages[-1] :][:MESSAGE_LINES]
    return lines[-MESSAGE_LINES if log.stem.isdigit() else -LINES :]


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _end_of(log: Path) -> list[str]:
    """Lines of a log's last 16 KiB, without empty ones and without characters that steer a terminal."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        text = file.read().decode(errors="replace")
    lines = ["".join(c if c.isprintable() else " " for c in line).rstrip() for line in text.splitlines()]
    return [line for line in lines if line]


def _says_why(log: Path) -> bool:
    """Whether a program ended by an error of its own; one that was killed says nothing."""
    return any(line.startswith(("error: ", "Traceback ")) for line in _end_of(log))


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _clock(seconds: float | None) -> str:
    return "-" if seconds is None else str(timedelta(seconds=round(seconds)))


def _size(megabytes: float | None) -> str:
    return "-" if megabytes is None else f"{megabytes:.0f} MB"


def _table(rows: list[tuple[str, ...]]) -> str:
    """Rows of text in columns two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
