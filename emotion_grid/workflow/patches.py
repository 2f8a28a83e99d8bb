"""Patches for Snakemake and its executor for Slurm, each with the release it is for.

The releases are locked in envs/workflow.txt. `tests/unit/workflow/test_patches.py` names them, too: when one changes, it fails until somebody has
looked whether the change is still needed and still fits.
"""

import re
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


def leave_accounts_to_sbatch() -> None:
    """Let Snakemake's executor for Slurm submit with the account that is given, or with none.

    Release 2.8.0 of the executor asks the accounting which accounts there are. On a cluster without one, it refuses every job.
    """
    import snakemake_executor_plugin_slurm as executor

    executor.validate_account = lambda account, logger: account
    executor.get_account = lambda logger: None


def note_refusals() -> dict[str, str]:
    """Note what Slurm says when it does not take a job; by the job's log, filled while Snakemake is at work.

    Release 2.8.0 of the executor reports it amid the command line of `sbatch`, somewhere in Snakemake's output.
    """
    import snakemake_executor_plugin_slurm as executor

    refusals: dict[str, str] = {}
    report = executor.Executor._report_job_error_threadsafe

    def noted(self: Any, job_info: Any, msg: str) -> None:
        said = re.search(r"The error message was '(.*?)'\.\n", msg, re.DOTALL)
        refusals.update(dict.fromkeys(map(str, job_info.job.log), (said[1] if said else msg).strip()))
        report(self, job_info, msg)

    executor.Executor._report_job_error_threadsafe = noted
    return refusals


def _jobs_in_queue() -> set[str] | None:
    """Ids of this user's jobs that wait, run or are about to end; None if Slurm does not answer now."""
    try:
        return set(call_slurm("squeue", "--me", "--noheader", "--format=%i").split())
    except InputError:
        return None
