"""What is found out before anything is submitted: whether CPUs and GPUs hold the runs, and whether the ends of jobs can be seen."""

import re
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.jobs.slurm import call_slurm
from emotion_grid.jobs.status import SITE

LONGEST_LOOK = 240
"""Seconds between two looks of Snakemake's executor at the queue, at most, and a minute for a slow answer."""


def check_threads(threads: int, partition: str) -> None:
    """Refuse runs that want more threads than a node of the partition has CPUs: threads decide a result's last digits.

    Args:
        threads: the most that a run has.
        partition: as in the site file; empty for the cluster's default.

    Raises:
        InputError: with both numbers.
    """
    most = most_cpus(partition)
    if most is not None and threads > most:
        raise InputError(
            f"training.threads: expected at most the CPUs of a node in the partition {partition or 'that is the default'} ({most}), found "
            f"{threads}; set training.threads to {most} or fewer, or name another partition in {SITE}"
        )


def most_cpus(partition: str) -> int | None:
    """CPUs that a job may have on one node of a partition (several: `a,b`), at most; None if Slurm does not tell.

    Args:
        partition: empty for the cluster's default.
    """
    chosen = (f"--partition={partition}",) if partition else ()
    try:
        lines = call_slurm("sinfo", "--noheader", "--Node", "--format=%P|%c|%B", *chosen).splitlines()
    except InputError:
        return None
    rows = [line.split("|") for line in lines if line.count("|") == 2]
    default = [row for row in rows if row[0].endswith("*")]
    found = [
        min(int(number) for number in row[1:] if number.isdigit())
        for row in (default if default and not partition else rows)
        if row[1].isdigit()
    ]
    return max(found, default=None)


def accounting_fault() -> str:
    """Why Slurm's accounting does not tell how jobs ended, in one line; empty if it does."""
    try:
        call_slurm("sacct", "--allocations", "--noheader", "--format=JobID", "--starttime=now")
    except InputError as error:
        return " ".join(str(error).split())
    return ""


def check_queue_remembers(fault: str) -> None:
    """Refuse a start where neither the accounting nor the queue tells how jobs ended: it would wait for ever.

    Args:
        fault: why the accounting does not tell.

    Raises:
        InputError: with what to ask the cluster's administrators for.
    """
    try:
        found = re.search(r"^MinJobAge\s*=\s*(\d+)", call_slurm("scontrol", "show", "config"), re.MULTILINE)
    except InputError as error:
        raise InputError(f"{error}; Slurm's accounting does not answer either ({fault}); try again later") from error
    age = int(found[1]) if found else 0
    if age < LONGEST_LOOK:
        raise InputError(
            f"Slurm: expected its accounting (sacct) to tell how jobs ended, found: {fault}. The queue (squeue) forgets a job {age} s after "
            f"its end (MinJobAge), which is too soon. Ask the administrators of the cluster for accounting (AccountingStorageType), or for a "
            f"MinJobAge of at least {LONGEST_LOOK} s"
        )


def check_gpu_memory(least: dict[str, float], site: dict[str, Any]) -> None:
    """Refuse runs that do not fit a GPU even with a single text at a time; without GPUs, or if their memory is not known, nothing.

    Args:
        least: memory in MB that each run needs, by its name.
        site: the bounds of a cluster's jobs.

    Raises:
        InputError: with the run that needs most.
    """
    most = site["gpu_mem_mb"]
    too_large = {name: need for name, need in least.items() if need > most}
    if site["gpus"] and most and too_large:
        name = max(too_large, key=lambda run: too_large[run])
        raise InputError(
            f"{name}: expected a run that fits a GPU of {most:,} MB (gpu_mem_mb in {SITE}), found one that needs about "
            f"{too_large[name]:,.0f} MB for weights, gradients and AdamW's moments, with one text at a time ({len(too_large)} of {len(least)} runs "
            "do not fit). Train it with lora or more frozen layers, or choose a smaller encoder; for a larger GPU, correct gpu_mem_mb"
        )


def memory_note(needs: dict[str, float], site: dict[str, Any]) -> str:
    """What to say of runs that need more of the machine's memory than their jobs may ask for; empty if there are none.

    Args:
        needs: memory in MB that each run is estimated to need, by its name.
        site: the bounds of a cluster's jobs.
    """
    most = site["mem_mb_retry"]
    too_large = {name: need for name, need in needs.items() if need > most}
    if not too_large:
        return ""
    name = max(too_large, key=lambda run: too_large[run])
    return (
        f"Note: {name} needs about {too_large[name]:,.0f} MB of memory, by estimate, and its job asks for {most:,} MB at most ({len(too_large)} of "
        f"{len(needs)} runs need more). If such jobs run out of memory, raise mem_mb and mem_mb_retry in {SITE}"
    )
