"""Patches for Snakemake and its executor for Slurm, each with the release it is for.

The releases are locked in envs/workflow.txt. `tests/unit/workflow/test_patches.py` names them, too: when one changes, it fails until somebody has
looked whether the change is still needed and still fits.
"""

import shlex
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.jobs.slurm import call_slurm

RELEASES = {
    "snakemake": "9.27.1",
    "snakemake-executor-plugin-slurm": "2.8.0",
    "snakemake-interface-executor-plugins": "9.4.0",
}
"""The releases that the changes are for."""


def pull_nothing() -> None:
    """Let Snakemake take the image as it lies on the disk.

    After a checkpoint, Snakemake 9.27.1 pulls the images of new jobs on the login node even where images are a matter of the nodes
    (`shared-fs-usage` without `software-deployment`), and ends with an error where that node has no Apptainer. Our image is a file in a
    folder: nothing is ever to be pulled.
    """
    from snakemake.deployment.singularity import Image

    def pull(image: Any, dryrun: bool = False) -> None:
        """Nothing is to be pulled."""

    Image.pull = pull


def notice_lost_jobs() -> None:
    """Let Snakemake's executor for Slurm take jobs that somebody cancelled, or that were preempted for good, for failed ones.

    Release 2.8.0 of the executor waits for both for ever: Slurm calls the first "CANCELLED by <user>", of which the executor knows only
    the first word, and it expects that Slurm queues a preempted job again.
    """
    import snakemake_executor_plugin_slurm as executor

    query = executor.query_job_status

    async def known_states(command: str, logger: Any) -> tuple[dict[str, str] | None, float | None]:
        states, seconds = await query(command, logger)
        if not states:
            return states, seconds
        states = {job: state.split()[0] for job, state in states.items()}
        if "PREEMPTED" in states.values() and (queue := _jobs_in_queue()) is not None:
            lost = [job for job, state in states.items() if state == "PREEMPTED" and job not in queue]
            states |= dict.fromkeys(lost, "CANCELLED")
        return states, seconds

    executor.query_job_status = known_states


def quote_for_shells() -> None:
    """Let Snakemake quote the arguments of a job's own Snakemake for a shell.

    Release 9.4.0 of the interface quotes text by Python's `repr`: a path with `'` is put between double quotes, in which a shell runs what
    stands in `$(...)`, and a path that begins with a quote is not quoted at all.
    """
    from snakemake_interface_executor_plugins import utils

    formatted = utils.format_cli_value

    def quoted(value: Any, quote: bool = False, base64_encode: bool = False) -> str:
        if isinstance(value, str) and quote and not base64_encode:
            return shlex.quote(value)
        text: str = formatted(value, quote, base64_encode)
        return text

    utils.format_cli_value = quoted


def _jobs_in_queue() -> set[str] | None:
    """Ids of this user's jobs that wait, run or are about to end; None if Slurm does not answer now."""
    try:
        return set(call_slurm("squeue", "--me", "--noheader", "--format=%i").split())
    except InputError:
        return None
