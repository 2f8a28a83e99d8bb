"""The grid on a real Slurm: what jobs ask for, what runs again, what is refused, and what a kill leaves."""

import os
import re
import shutil
import signal
import time

import pytest

from emotion_grid.base.files import read_json
from testing.names import BRACES, ON_SLURM, WORKS
from testing.slurm import ACCOUNT, run, wait_until
from testing.tiny import Project

SLURM = ("--profile", "profiles/slurm")
TRAIN = (*SLURM, "--until", "train")

HOLD = """def main() -> None:
    import time

    while Path("hold").exists():
        time.sleep(0.2)
"""
"""A program that waits for the end of a file in the checkout."""


def jobs(since: str) -> list[dict[str, str]]:
    """Slurm's own record of the jobs since a time."""
    fields = ("JobID", "State", "Account", "Partition", "ReqMem", "TimelimitRaw", "AllocTRES", "Comment")
    listed = run("sacct", "-X", "-n", "-P", "-S", since, "-o", ",".join(fields))
    return [dict(zip(fields, line.split("|"), strict=True)) for line in listed.splitlines()]


def trainings(since: str) -> list[dict[str, str]]:
    """The same of the jobs that train."""
    return [job for job in jobs(since) if job["Comment"].startswith("rule_train")]


@pytest.fixture
def since() -> str:
    """The time before the test, as sacct reads it; a second apart from the jobs of the test before."""
    time.sleep(1.1)
    return time.strftime("%Y-%m-%dT%H:%M:%S")


def three_runs(project) -> None:
    project.configure(grid=[{**project.config["grid"][0], "encoder": "one", "seed": [1, 2, 3]}])


def test_jobs_ask_for_what_profile_and_site_say_and_only_what_changed_is_submitted(new_project, since):
    new_project.edit("profiles/slurm/site.yaml", "runtime_least: 20", "runtime_least: 7")
    three_runs(new_project)
    assert len(new_project.run(*SLURM).trained) == 3
    found = jobs(since)
    assert len(trainings(since)) == 3 and len(found) == 4, "one asks the encoder, the light steps are no jobs"
    for job in found:
        assert (job["State"], job["Account"], job["Partition"]) == ("COMPLETED", ACCOUNT, "alpha")
        assert job["TimelimitRaw"] == "7"
        assert 3000 <= int(job["ReqMem"].rstrip("M")) <= 8000
        assert "gres/gpu=1" in job["AllocTRES"]
    new_project.configure(training={**new_project.config["training"], "epochs": 1})
    new_project.configure(grid=[{**new_project.config["grid"][0], "seed": [3]}])
    assert len(new_project.run(*SLURM).trained) == 1
    assert len(jobs(since)) == 5
    assert new_project.run(*SLURM).nothing


def test_jobs_of_a_study_whose_every_path_is_full_of_tricks_work_to_its_end(cluster, pristine, tmp_path):
    """Fault: a job's command stood between double quotes, in which a shell ran what stood in `$(...)` in a path."""
    names = "/".join(WORKS)
    checkout = tmp_path / "/".join(ON_SLURM) / BRACES
    shutil.copytree(pristine, checkout)
    project = Project(checkout)
    project.snakemake = "testing.polling"
    (checkout / names / BRACES).mkdir(parents=True)
    for name in ("texts", "encoders"):
        (checkout / name).rename(checkout / names / BRACES / name)
    project.edit("profiles/slurm/site.yaml", "light_steps: login", "light_steps: job")
    project.edit("profiles/slurm/site.yaml", "pack: 1", "pack: 2")
    project.configure(
        results_root=f"{names}/results",
        cache_root=f"cache/{names}",
        data_root=f"{names}/{BRACES}",
        encoders={"one": {"model": f"./{names}/{BRACES}/encoders/one"}},
        grid=[{**project.config["grid"][0], "encoder": "one", "seed": [1, 2, 3]}],
    )
    config = f"config/{WORKS[1]} {BRACES}.yaml"
    project.config_file.rename(checkout / config)
    outcome = project.run(*SLURM, "--configfile", config, seconds=560)
    assert f"Report: {names}/results/tiny/report.html" in outcome.output
    assert len(list((checkout / names).glob("results/tiny/runs/*/provenance.json"))) == 3
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith("pwned")]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("account: p_scads_llm_secrets", "account: p_nobody", "p_nobody"),
        ('partition: ""', "partition: beta", "invalid partition"),
        ("gpus: 1", "gpus: 3", "node configuration is not available"),
        ("gpus: 1", "gpu: 1", "gpu: unknown key; did you mean gpus?"),
        ("mem_mb_retry: 16000", "mem_mb_retry: 1000", "mem_mb_retry: expected at least mem_mb"),
    ],
)
def test_what_the_cluster_does_not_have_is_refused(project, old, new, expected):
    three_runs(project)
    project.edit("profiles/slurm/site.yaml", old, new)
    outcome = project.run(*SLURM, fails=True)
    assert expected.lower() in outcome.output.lower()
    if "\nNot taken by Slurm: " in outcome.output:
        end = outcome.output.partition("\nNot taken by Slurm: ")[2]
        assert expected.lower() in end.lower() and "sbatch call" not in end and "no log" not in end
    else:
        assert "SLURM run ID" not in outcome.output, "refused before anything was submitted"
    assert run("squeue", "-h") == ""


def test_after_a_kill_surviving_jobs_are_cancelled_and_none_runs_twice(project, since):
    project.edit(
        "emotion_grid/training/run.py",
        "    start = time.monotonic()\n",
        '    start = time.monotonic()\n    while Path("hold").exists():\n        time.sleep(0.2)\n',
    )
    (project.folder / "hold").touch()
    three_runs(project)
    first = project.start(*SLURM)
    wait_until("three jobs at work", lambda: len(running()) == 3)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    survivors = running()
    second = project.start(*SLURM)
    wait_until("the end of the survivors", lambda: not set(survivors) & set(run("squeue", "-h", "-o", "%i").split()))
    (project.folder / "hold").unlink()
    output = second.communicate(timeout=900)[0]
    assert second.returncode == 0, output
    cancelled = re.search(r"Cancelled jobs of an earlier start: ([\d, ]+)", output)
    assert cancelled and sorted(cancelled[1].split(", ")) == survivors
    assert sorted(job["State"].split()[0] for job in trainings(since)) == ["CANCELLED"] * 3 + ["COMPLETED"] * 3
    assert len(project.summary()) == 3


def test_after_a_kill_light_steps_that_are_jobs_are_cancelled_too_and_no_other_experiment_s(new_project):
    new_project.edit("profiles/slurm/site.yaml", "light_steps: login", "light_steps: job")
    new_project.edit("scripts/prepare.py", "def main() -> None:\n", HOLD)
    (new_project.folder / "hold").touch()
    first = new_project.start(*SLURM, "--until", "prepare")
    wait_until("the job that prepares the data", lambda: len(running()) == 1)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    survivors, name = running(), run("squeue", "-h", "-o", "%j").strip()
    other = name.replace("tiny-", "tiny-2-")
    run("sbatch", f"--job-name={other}", f"--chdir={new_project.folder}", "--output=/dev/null", "--wrap", "sleep 600")
    second = new_project.start(*SLURM, "--until", "prepare")
    wait_until("the end of the survivor", lambda: not set(survivors) & set(run("squeue", "-h", "-o", "%i").split()))
    (new_project.folder / "hold").unlink()
    output = second.communicate(timeout=900)[0]
    assert second.returncode == 0, output
    assert f"Cancelled jobs of an earlier start: {survivors[0]}\n" in output
    assert run("squeue", "-h", "-o", "%j").strip() == other
    run("scancel", "--name", other)


def running() -> list[str]:
    """Ids of the jobs that run."""
    return sorted(run("squeue", "-h", "-t", "R", "-o", "%i").split())


def test_the_profile_uses_no_job_arrays(project):
    text = (project.folder / "profiles/slurm/config.v8+.yaml").read_text()
    assert not [line for line in text.splitlines() if line.startswith("slurm-array")]


def test_a_job_asks_for_as_many_cpus_as_threads_with_one_core_where_snakemake_runs(new_project, since):
    """Fault: it asked for one CPU and trained with two threads."""
    three_runs(new_project)
    new_project.configure(training={**new_project.config["training"], "threads": 2})
    new_project.run(*SLURM, "--cores", "1")
    found = jobs(since)
    assert len(found) == 4
    for job in found:
        assert "cpu=2," in job["AllocTRES"], "runs and the step that computes hidden states"
    for path in new_project.home.glob("runs/*/provenance.json"):
        assert read_json(path)["threads"] == 2


def test_more_threads_than_a_node_has_cpus_are_refused_before_anything_is_submitted(project):
    three_runs(project)
    project.configure(training={**project.config["training"], "threads": 9})
    outcome = project.run(*SLURM, fails=True)
    assert (
        "training.threads: expected at most the CPUs of a node" in outcome.output and "(8), found 9" in outcome.output
    )
    assert run("squeue", "-h") == ""
