"""What Slurm knows of an experiment's jobs."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from emotion_grid.base.messages import InputError

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
    listed = call_slurm("squeue", "--me", "--noheader", "--format=%i|%T|%k|%S|%M|%l|%Z")
    rows = [line.split("|", 6) for line in listed.splitlines() if line.count("|") >= 6]
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
    ids = [str(number) for number in sorted(set(numbers))]
    if not ids or not shutil.which("sacct"):
        return {}
    chosen = [",".join(ids[i : i + JOBS_AN_OPTION]) for i in range(0, len(ids), JOBS_AN_OPTION)]
    fields = "--format=JobID,State,Comment,Start,ElapsedRaw,TimelimitRaw,MaxRSS,ReqMem,WorkDir"
    listed = call_slurm(
        "sacct", "--noheader", "--parsable2", "--units=M", fields, *(f"--jobs={part}" for part in chosen)
    )
    jobs: dict[int, Job] = {}
    for line in listed.splitlines():
        name, state, label, begin, used, asked, most, memory, where = line.split("|", 8)
        number, _, step = name.partition(".")
        if not number.isdigit():
            continue
        state, before = state.partition(" ")[0], jobs.get(int(number))
        if not step and Path(where) == checkout:  # a number may be another cluster's, or given away again
            minutes = int(asked) * 60 if asked.isdigit() else None
            jobs[int(number)] = Job(int(number), state, label, begin, int(used or 0), minutes, None, _megabytes(memory))
        elif before:
            killed = "OUT_OF_MEMORY" if state == "OUT_OF_MEMORY" else before.state
            sizes = [size for size in (before.mb, _megabytes(most)) if size is not None]
            jobs[int(number)] = replace(before, state=killed, mb=max(sizes, default=None))
    return jobs


def call_slurm(*command: str) -> str:
    """What one of Slurm's commands prints.

    Raises:
        InputError: it failed, with its own words; or it is not installed here.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise InputError(f"{command[0]} cannot be started here: {error.strerror}") from error
    if done.returncode:
        raise InputError(f"{command[0]} failed: {done.stderr.strip()}")
    return done.stdout


def _seconds(text: str) -> int | None:
    """Seconds of Slurm's `[days-][hours:]minutes:seconds`; None for words such as UNLIMITED."""
    match = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)", text)
    if not match:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _megabytes(text: str) -> float | None:
    """The number in Slurm's `3016M`; None if it says nothing."""
    match = re.match(r"([\d.]+)M", text)
    return float(match[1]) if match else None
