"""Jobs that an earlier start of an experiment left in Slurm's queue."""

import shutil
import time
from pathlib import Path

from emotion_grid.base.digests import SHORT, digest
from emotion_grid.base.messages import InputError
from emotion_grid.jobs.slurm import call_slurm

PATIENCE = 60
"""Seconds to wait for cancelled jobs to end."""


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
    rows = [line.partition("|") for line in call_slurm("squeue", "--me", "--noheader", "--format=%i|%j").splitlines()]
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
        call_slurm("scancel", *jobs)
    end = time.monotonic() + PATIENCE
    while left := surviving_jobs(home) if jobs else []:
        if time.monotonic() > end:
            raise InputError(
                f"jobs of an earlier start are still in the queue after they were cancelled: {', '.join(left)}; cancel them with scancel, then start again"
            )
        time.sleep(1)
    return jobs
