"""What surrounds jobs on a real Slurm: an accounting that is off, limits of users, a full disk."""

import pytest

from testing.disks import small_disk
from testing.slurm import USER, run
from tests.cluster.test_cluster import SLURM, three_runs

NO_ACCOUNTING = {
    "AccountingStorageType": "accounting_storage/none",
    "AccountingStorageHost": "",
    "AccountingStoragePort": "",
    "AccountingStoragePass": "",
    "AccountingStorageEnforce": "",
    "AccountingStorageTRES": "",
}


def test_without_accounting_the_queue_tells_how_jobs_end(project, cluster):
    """Fault: a start waited for ever, silently, for jobs that had long ended."""
    three_runs(project)
    with cluster.configured(**NO_ACCOUNTING):
        outcome = project.run(*SLURM)
        assert "Slurm's accounting does not answer (sacct failed: " in outcome.output
        assert len(outcome.trained) == 3 and len(project.summary()) == 3
        project.edit(
            "emotion_grid/training/run.py", "    start = time.monotonic()\n", "    raise RuntimeError('broken')\n"
        )
        broken = project.run(*SLURM, fails=True)
        assert "RuntimeError: broken" in broken.output, "a failed job is noticed, too"


def test_where_nobody_could_see_jobs_end_the_start_says_what_to_ask_for(project, cluster):
    three_runs(project)
    with cluster.configured(**NO_ACCOUNTING, MinJobAge="20"):
        outcome = project.run(*SLURM, fails=True)
    assert "forgets a job 20 s after its end" in outcome.output and "Ask the administrators" in outcome.output
    assert run("squeue", "-h") == ""


def test_a_limit_of_a_user_is_told_in_slurms_words(project, cluster):
    """Fault: the end showed an empty log, or that of an earlier try."""
    three_runs(project)
    run("sacctmgr", "-i", "modify", "user", USER, "set", "MaxSubmitJobs=0")
    try:
        outcome = project.run(*SLURM, fails=True)
    finally:
        run("sacctmgr", "-i", "modify", "user", USER, "set", "MaxSubmitJobs=-1")
    end = outcome.output.partition("\nNot taken by Slurm: ")[2]
    assert "Job violates accounting/QOS policy" in end and "profiles/slurm/site.yaml" in end


@pytest.fixture
def disk(tmp_path):
    """A folder on a disk of eight megabytes."""
    with small_disk(tmp_path / "small", "8m") as folder:
        yield folder


def test_a_full_disk_is_told_though_logs_on_it_are_empty(project, disk):
    """Fault: the logs on the full disk were empty, and nothing said why."""
    three_runs(project)
    project.configure(results_root=str(disk))
    fill = "    (job.output.parent / 'filler').write_bytes(bytes(10_000_000))\n"
    project.edit("emotion_grid/training/run.py", "    start = time.monotonic()\n", fill)
    outcome = project.run(*SLURM, fails=True)
    assert "| (empty, because of a full disk)" in outcome.output and "free some space on the disk" in outcome.output
