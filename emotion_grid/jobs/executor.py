"""Changes to Snakemake's executor for Slurm, each with the release it is for."""

from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.jobs.slurm import call_slurm


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
        return set(call_slurm("squeue", "--me", "--noheader", "--format=%i").split())
    except InputError:
        return None
