"""Changes to other people's code: the releases they are for, whether they are still needed, and what they do."""

import asyncio
import importlib.metadata
import inspect
import logging
import shlex
from types import SimpleNamespace

import pytest
import snakemake_executor_plugin_slurm as executor
from snakemake.api import SnakemakeApi
from snakemake.deployment.singularity import Image
from snakemake_interface_executor_plugins import utils

from emotion_grid.workflow import patches
from testing.tiny import PROJECT


@pytest.mark.parametrize(("package", "release"), patches.RELEASES.items())
def test_the_locked_releases_are_those_that_the_changes_are_for(package, release):
    assert f"\n{package}=={release} " in (PROJECT / "envs" / "workflow.txt").read_text()
    assert importlib.metadata.version(package) == release


def test_the_executor_still_knows_the_first_word_of_cancelled_alone():
    """Fails when the executor learns "CANCELLED by <user>", or no longer expects that preempted jobs are queued again."""
    source = inspect.getsource(executor.Executor.check_active_jobs)
    assert '"CANCELLED",' in source and "elif status in fail_stati:" in source
    assert "CANCELLED by" not in source and "split()[0]" not in source
    assert 'elif status == "PREEMPTED" and not self._preemption_warning' in source


def test_snakemake_still_pulls_images_after_a_checkpoint_whoever_deploys_software():
    """Fails when Snakemake asks after a checkpoint, as it does at the start, whether the login node deploys software at all."""
    dag = inspect.getmodule(SnakemakeApi).Workflow.__init__.__globals__["DAG"]
    source = inspect.getsource(dag.finish)
    assert "self.pull_container_imgs()" in source and "shared_fs_usage" not in source


def test_nothing_is_pulled(monkeypatch):
    monkeypatch.setattr(Image, "pull", Image.pull)
    patches.pull_nothing()
    assert Image.pull(object(), dryrun=True) is None


@pytest.mark.parametrize(
    ("states", "queue", "seen"),
    [
        ({"1": "CANCELLED by 1000", "2": "RUNNING"}, set(), {"1": "CANCELLED", "2": "RUNNING"}),
        ({"1": "PREEMPTED"}, set(), {"1": "CANCELLED"}),
        ({"1": "PREEMPTED"}, {"1"}, {"1": "PREEMPTED"}),
        ({"1": "PREEMPTED"}, None, {"1": "PREEMPTED"}),
        (None, set(), None),
    ],
)
def test_lost_jobs_count_as_failed(monkeypatch, states, queue, seen):
    """Fault: the executor waits for ever for a job that somebody cancelled, or that was preempted for good."""

    async def query(command, logger):
        return states, 0.1

    monkeypatch.setattr(executor, "query_job_status", query)
    monkeypatch.setattr(patches, "_jobs_in_queue", lambda: queue)
    patches.notice_lost_jobs()
    found, _ = asyncio.run(executor.query_job_status("sacct", logging.getLogger()))
    assert found == seen


def test_text_is_still_quoted_by_python_s_rules_and_commands_are_still_scripts_on_request():
    """Fails when the interface quotes for shells itself, or the executor has another way to pass a command untouched."""
    assert "maybe_encode(repr(value))" in inspect.getsource(utils.format_cli_value)
    source = inspect.getsource(executor.Executor.run_job)
    assert "if not self.workflow.executor_settings.pass_command_as_script:" in source
    assert '--wrap="{exec_job_escaped}"' in source and "input=subprocess_stdin" in source


@pytest.mark.parametrize(
    "name", ["plain", "two words", "it's $(touch pwned)", "'a'; touch pwned", '"q" `x`', "a\\nb", "{x}"]
)
def test_the_arguments_of_a_job_s_snakemake_are_quoted_for_a_shell(monkeypatch, name):
    """Fault: `it's $(command)` stood between double quotes, and the command ran."""
    monkeypatch.setattr(utils, "format_cli_value", utils.format_cli_value)
    patches.quote_for_shells()
    assert shlex.split(utils.format_cli_arg("--wait-for-files", [name, name])) == ["--wait-for-files", name, name]
    assert shlex.split(utils.format_cli_arg("--snakefile", name)) == ["--snakefile", name]
    assert utils.format_cli_arg("--cores", 3) == "--cores 3" and utils.format_cli_arg("--nolock", True) == "--nolock "


def test_the_executor_still_asks_the_accounting_for_accounts_and_hides_refusals_amid_command_lines():
    """Fails when the executor no longer refuses accounts that it cannot check, or reports what `sbatch` said by itself."""
    assert "raise WorkflowError" in inspect.getsource(executor.accounts.validate_account)
    assert "FileNotFoundError" not in inspect.getsource(executor.accounts.get_account)
    source = inspect.getsource(executor.Executor.run_job)
    assert "self._report_job_error_threadsafe(" in source or "_submit" in source
    assert "The error message was '" in inspect.getsource(executor)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "SLURM sbatch failed. The error message was 'sbatch: error: one\nsbatch: error: two'.\n    sbatch call:\n  sbatch",
            "sbatch: error: one\nsbatch: error: two",
        ),
        (
            "Job submission failed with exception: no account p_nobody",
            "Job submission failed with exception: no account p_nobody",
        ),
    ],
)
def test_what_slurm_says_of_a_job_that_it_does_not_take_is_noted(monkeypatch, message, words):
    reported = []
    monkeypatch.setattr(
        executor.Executor, "_report_job_error_threadsafe", lambda self, job_info, msg: reported.append(msg)
    )
    refusals = patches.note_refusals()
    job_info = SimpleNamespace(job=SimpleNamespace(log=["results/tiny/runs/one/train.log"]))
    executor.Executor._report_job_error_threadsafe(None, job_info, message)
    assert refusals == {"results/tiny/runs/one/train.log": words}
    assert reported == [message]


def test_without_an_accounting_an_account_is_given_to_sbatch_as_it_stands(monkeypatch):
    for name in ("validate_account", "get_account"):
        monkeypatch.setattr(executor, name, getattr(executor, name))
    patches.leave_accounts_to_sbatch()
    job = SimpleNamespace(resources=type("Resources", (dict,), {"__getattr__": dict.get})(slurm_account="p_mine"))
    assert list(executor.Executor.get_account_arg(SimpleNamespace(logger=logging.getLogger()), job)) == [" -A p_mine"]
