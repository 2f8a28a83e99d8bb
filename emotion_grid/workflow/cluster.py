"""What a start on Slurm finds out before it submits anything."""

import sys
from typing import Any

from emotion_grid.jobs.cluster import accounting_fault, check_queue_remembers, check_threads
from emotion_grid.workflow.patches import leave_accounts_to_sbatch, note_refusals, notice_lost_jobs


def prepare_cluster(workflow: Any, threads: int, partition: str) -> dict[str, str]:
    """Ask Slurm for what would otherwise be found out late, and tell Snakemake's executor how to see the ends of jobs.

    Args:
        workflow: Snakemake's workflow.
        threads: the most that a run of this start has.
        partition: as in the site file.

    Returns:
        What Slurm says of jobs that it does not take, by the job's log; filled while Snakemake is at work.

    Raises:
        InputError: more threads than a node has CPUs, or ends of jobs that nobody could see.
    """
    check_threads(threads, partition)
    notice_lost_jobs()
    if fault := accounting_fault():
        check_queue_remembers(fault)
        workflow.executor_settings.status_command = "squeue"
        leave_accounts_to_sbatch()
        print(
            f"Slurm's accounting does not answer ({fault}): the queue (squeue) tells how jobs end, and nothing tells what they used.",
            file=sys.stderr,
        )
    return note_refusals()
