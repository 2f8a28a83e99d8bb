"""What Slurm knows of an experiment's jobs."""

import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from scripts.lib.files import InputError

PATIENCE = 60
"""Seconds to wait for cancelled jobs to end."""


def surviving_jobs(home: Path, checkout: Path) -> list[str]:
    """Ids of this user's queued or running jobs that an earlier start of an experiment left behind, from this checkout.

    Snakemake's executor writes a job's rule and wildcards (experiment and run or pack) into its comment.

    Args:
        home: the experiment's folder of results.
        checkout: where Snakemake was started.
    """
    if not shutil.which("squeue"):
        return []
    listed = _slurm("squeue", "--me", "--noheader", "--format=%i|%k|%Z")
    jobs = [line.strip().split("|") for line in listed.splitlines() if line.count("|") == 2]
    names = [*(run.name for run in (home / "runs").glob("*")), *(pack.stem for pack in (home / "packs").glob("*.json"))]
    own = {f"{home.name}_{name}" for name in names}
    return [
        job for job, comment, where in jobs if Path(where) == checkout and comment.partition("_wildcards_")[2] in own
    ]


def cancel_survivors(home: Path, checkout: Path) -> list[str]:
    """Cancel what an earlier start left behind and wait until it is gone: two jobs of one run must not work at once.

    Returns:
        Ids of the cancelled jobs.

    Raises:
        InputError: they do not end.
    """
    jobs = surviving_jobs(home, checkout)
    if jobs:
        _slurm("scancel", *jobs)
    end = time.monotonic() + PATIENCE
    while left := surviving_jobs(home, checkout) if jobs else []:
        if time.monotonic() > end:
            raise InputError(
                f"jobs of an earlier start do not end: {', '.join(left)}; cancel them with scancel, then start again"
            )
        time.sleep(1)
    return jobs


def notice_cancelled_jobs() -> None:
    """Let Snakemake's executor take a job that somebody cancelled for a failed one.

    Slurm calls it "CANCELLED by <user>"; release 2.8.0 of the executor knows only "CANCELLED", and waits for the job for ever.
    """
    import snakemake_executor_plugin_slurm as executor

    query = executor.query_job_status

    async def first_words(command: str, logger: Any) -> tuple[dict[str, str] | None, float | None]:
        states, seconds = await query(command, logger)
        return states and {job: state.split()[0] for job, state in states.items()}, seconds

    executor.query_job_status = first_words


def _slurm(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"{command[0]} failed: {done.stderr.strip()}")
    return done.stdout
