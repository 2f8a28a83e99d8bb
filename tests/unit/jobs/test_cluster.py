"""What is asked of Slurm before anything is submitted; a Slurm that answers what a test says."""

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.jobs.cluster import accounting_fault, check_queue_remembers, check_threads, most_cpus

NODES = "alpha*|8|UNLIMITED\nalpha*|16|UNLIMITED\nbig|64|32\n"
"""Nodes as `sinfo` tells them: partition, CPUs, and how many of them a job may have."""


@pytest.mark.parametrize(
    ("nodes", "partition", "most"),
    [
        (NODES, "", 16),
        ("big|64|32\n", "big", 32),
        ("alpha|8|UNLIMITED\nbeta|4|UNLIMITED\n", "", 8),
        ("", "", None),
        ("sinfo says something else\n", "", None),
    ],
)
def test_a_node_has_as_many_cpus_as_sinfo_says(grid, nodes, partition, most):
    grid.answer("sinfo", nodes)
    assert most_cpus(partition) == most


def test_threads_that_no_node_has_are_refused_with_both_numbers(grid):
    grid.answer("sinfo", NODES)
    check_threads(16, "")
    with pytest.raises(InputError, match=r"training\.threads: expected at most the CPUs of a node .*\(16\), found 17"):
        check_threads(17, "")


def test_a_slurm_that_does_not_tell_refuses_nothing(grid):
    grid.answer("sinfo", "no answer", status=1)
    check_threads(1000, "")


def test_an_accounting_that_is_off_or_missing_is_found_in_slurms_words(grid, monkeypatch):
    grid.answer("sacct", "")
    assert accounting_fault() == ""
    grid.answer("sacct", "Slurm accounting storage is disabled", status=1)
    assert accounting_fault() == "sacct failed: Slurm accounting storage is disabled"
    (grid.checkout / "bin" / "sacct").unlink()
    monkeypatch.setenv("PATH", str(grid.checkout / "bin"))
    assert accounting_fault().startswith("sacct cannot be started here: ")


def test_without_accounting_the_queue_must_remember_ended_jobs(grid):
    """Fault: a start waited for ever, silently, for jobs whose ends nobody could see."""
    grid.answer("scontrol", "MaxTasksPerNode         = 512\nMinJobAge               = 300 sec\n")
    check_queue_remembers("off")
    grid.answer("scontrol", "MinJobAge               = 10 sec\n")
    with pytest.raises(InputError, match="forgets a job 10 s after its end") as caught:
        check_queue_remembers("sacct failed: it is off")
    assert "it is off" in str(caught.value) and "Ask the administrators" in str(caught.value)
