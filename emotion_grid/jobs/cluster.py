"""What is asked of Slurm before anything is submitted: how many CPUs a node has."""

from emotion_grid.base.messages import InputError
from emotion_grid.jobs.slurm import call_slurm
from emotion_grid.jobs.status import SITE


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
