"""What Slurm knows of an experiment's jobs."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scripts.lib.files import SHORT, InputError, digest

PATIENCE = 60
"""Seconds to wait for cancelled jobs to end."""

JOBS_AN_OPTION = 5000
"""Job ids in one command-line argument, which the kernel bounds to 128 KiB."""


@dataclass(frozen=True)
class Job:
    """A job as Slurm knows it: what was asked for, and what it used so far.

    `state` is Slurm's word (PENDING, RUNNING, TIMEOUT, OUT_OF_MEMORY, ...), `label` what Snakemake wrote into its comment (a rule and
    its wildcards; not every cluster keeps it), `begin` a time in Slurm's form. What Slurm does not tell is None.
    """

    number: int
    state: str
    label: str
    begin: str
    seconds: int | None = None
    asked_seconds: int | None = None
    mb: float | None = None
    asked_mb: float | None = None


def queued_jobs(checkout: Path) -> list[Job]:
    """This user's queued and running jobs from a checkout; none where there is no Slurm.

    A job in the state COMPLETING has ended: only the accounting knows how.

    Raises:
        InputError: Slurm does not answer.
    """
    if not shutil.which("squeue"):
        return []
    listed = _slurm("squeue", "--me", "--noheader", "--format=%i|%T|%k|%S|%M|%l|%Z")
    rows = [line.strip().split("|", 6) for line in listed.splitlines() if line.count("|") >= 6]
    return [
        Job(int(number), state, label, begin, _seconds(used), _seconds(asked))
        for number, state, label, begin, used, asked, where in rows
        if number.isdigit() and state != "COMPLETING" and Path(where) == checkout
    ]


def ended_jobs(numbers: Iterable[int], checkout: Path) -> dict[int, Job]:
    """Slurm's accounting of some jobs from a checkout; empty where it keeps none.

    A job whose program was killed for its memory counts as OUT_OF_MEMORY: Slurm itself says so of the step alone.

    Raises:
        InputError: the accounting does not answer.
    """
    numbers = [str(number) for number in sorted(set(numbers))]
    if not numbers or not shutil.which("sacct"):
        return {}
    chosen = [",".join(numbers[i : i + JOBS_AN_OPTION]) for i in range(0, len(numbers), JOBS_AN_OPTION)]
    fields = "--format=JobID,State,Comment,Start,ElapsedRaw,TimelimitRaw,MaxRSS,ReqMem,WorkDir"
    listed = _slurm(
        "sacct", "--noheader", "--parsable2", "--units=M", fields, *(f"--jobs={numbers}" for numbers in chosen)
    )
    found: dict[int, Job] = {}
    for line in listed.splitlines():
        name, state, label, begin, used, asked, most, memory, where = line.split("|", 8)
        number, _, step = name.partition(".")
        if not number.isdigit():
            continue
        state, before = state.partition(" ")[0], found.get(int(number))
        if not step and Path(where) == checkout:  # a number may be another cluster's, or given away again
            minutes = int(asked) * 60 if asked.isdigit() else None
            found[int(number)] = Job(
                int(number), state, label, begin, int(used or 0), minutes, None, _megabytes(memory)
            )
        elif before:
            killed = "OUT_OF_MEMORY" if state == "OUT_OF_MEMORY" else before.state
            sizes = [size for size in (before.mb, _megabytes(most)) if size is not None]
            found[int(number)] = replace(before, state=killed, mb=max(sizes, default=None))
    return found


def job_prefix(home: Path) -> str:
    """What the names of an experiment's jobs begin with; it tells them from those of every other folder of results."""
    return f"{home.name.replace('.', '-')}-{digest(str(home.resolve()))[:SHORT]}"


def surviving_jobs(home: Path) -> list[str]:
    """Ids of this user's queued or running jobs that an earlier start of an experiment left behind.

    Snakemake's executor names a job `<prefix>_<id of its start>`.

    Args:
        home: the experiment's folder of results.
    """
    if not shutil.which("squeue"):
        return []
    rows = [line.partition("|") for line in _slurm("squeue", "--me", "--noheader", "--format=%i|%j").splitlines()]
    return [number for number, _, name in rows if name.rpartition("_")[0] == job_prefix(home)]


def cancel_survivors(home: Path, alone: bool) -> list[str]:
    """Cancel what an earlier start left behind and wait until it is gone: two jobs of one run must not work at once.

    Args:
        alone: whether it is sure that no other start is at work, whose jobs these would be.

    Returns:
        Ids of the cancelled jobs.

    Raises:
        InputError: they do not end, or may be another start's.
    """
    jobs = surviving_jobs(home)
    if jobs and not alone:
        raise InputError(
            f"jobs of another start are in the queue: {', '.join(jobs)}; if that start has ended, cancel them with scancel, then start again"
        )
    if jobs:
        _slurm("scancel", *jobs)
    end = time.monotonic() + PATIENCE
    while left := surviving_jobs(home) if jobs else []:
        if time.monotonic() > end:
            raise InputError(
                f"jobs of an earlier start do not end: {', '.join(left)}; cancel them with scancel, then start again"
            )
        time.sleep(1)
    return jobs


def notice_lost_jobs() -> None:
    """Let Snakemake's executor take jobs that somebody cancelled, or that were preempted for good, for failed ones.

    Release 2.8.0 of the executor waits for both for ever: Slurm calls the first "CANCELLED by <user>", of which it knows only the first
    word, and of a preempted job it expects that Slurm queues it again.
    """
    import snakemake_executor_plugin_slurm as executor

    query = executor.query_job_status

    async def known_states(command: str, logger: Any) -> tuple[dict[str, str] | None, float | None]:
        states, seconds = await query(command, logger)
        if not states:
            return states, seconds
        states = {job: state.split()[0] for job, state in states.items()}
        if "PREEMPTED" in states.values() and (queue := _in_queue()) is not None:
            lost = [job for job, state in states.items() if state == "PREEMPTED" and job not in queue]
            states |= dict.fromkeys(lost, "CANCELLED")
        return states, seconds

    executor.query_job_status = known_states


def _in_queue() -> set[str] | None:
    """Ids of this user's jobs that wait, run or are about to end; None if Slurm does not answer now."""
    try:
        return set(_slurm("squeue", "--me", "--noheader", "--format=%i").split())
    except InputError:
        return None


def _slurm(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"{command[0]} failed: {done.stderr.strip()}")
    return done.stdout


def _seconds(text: str) -> int | None:
    """Seconds of Slurm's `[days-][hours:]minutes:seconds`; None for words such as UNLIMITED."""
    found = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)", text)
    if not found:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _megabytes(text: str) -> float | None:
    """The number in Slurm's `3016M`; None if it says nothing."""
    found = re.match(r"([\d.]+)M", text)
    return float(found[1]) if found else None
