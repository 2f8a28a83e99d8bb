"""A grid in which runs go wrong in every way, as the user's screen and `make status` tell it."""

import re
import subprocess
import sys

from testing.slurm import run, wait_until
from tests.cluster.test_cluster import running

SLURM = ("--profile", "profiles/slurm")
FAULTS = """    start = time.monotonic()
    log(f"seed {job.spec['seed']} begins")
    if job.spec["seed"] == 1:
        raise RuntimeError("boom")
    if job.spec["seed"] == 2:
        b"x" * 8_000_000_000
    if job.spec["seed"] == 3:
        time.sleep(600)
"""


def status(project, *arguments: str) -> str:
    """What `make status` prints."""
    return subprocess.run(
        [sys.executable, "-m", "scripts.status", "--results", "results/tiny", *arguments],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_a_failed_a_greedy_and_a_slow_run_are_told_apart(project):
    project.edit("emotion_grid/training/run.py", "    start = time.monotonic()\n", FAULTS)
    project.configure(grid=[{**project.config["grid"][0], "encoder": "one", "seed": [1, 2, 3]}])
    start = project.start(*SLURM)
    wait_until("the slow run alone at work", lambda: "tiny: 3 runs: 2 failed, 1 running" in told(project))
    assert "Snakemake is running" in status(project)
    (slow,) = running()
    run("scontrol", "update", f"jobid={slow}", "timelimit=1")
    output = start.communicate(timeout=900)[0]
    assert start.returncode == 1
    screen = output.partition("\nFailed: ")[2]
    for seed, state, asked, shown, advice in (
        (1, "FAILED", "0:20:00", "RuntimeError: boom", "fix the error that the log shows"),
        (2, "OUT_OF_MEMORY", "0:20:00", "seed 2 begins", "raise mem_mb_retry"),
        (3, "TIMEOUT", "0:01:00", "seed 3 begins", "raise runtime"),
    ):
        block = next(block for block in screen.split("\n\n") if f"seed-{seed}_" in block)
        assert re.search(rf"Slurm job \d+: {state} after 0:0\d:\d\d \(asked for {asked}, \d+ MB\)", block), block
        assert re.search(rf"log: results/tiny/runs/\S+seed-{seed}_\S+/train\.log", block)
        assert shown in block and advice in block
    assert output.count("RuntimeError: boom") == 1, "a log's lines stand on the screen once"
    assert re.search(r"^one +3 +0:20:00 +0:0\d:\d\d +\d+ MB +\d+ MB +\d+ min, \d+ MB$", screen, re.MULTILINE)
    assert re.search(r"runtime: \d+, mem_mb: \d+", screen)
    lines = [line.split() for line in status(project).splitlines()]
    found = {line[0] + " " + line[-1] for line in lines if line and line[0] == "failed"}
    assert found == {"failed FAILED", "failed OUT_OF_MEMORY", "failed TIMEOUT"}
    assert "Snakemake is not running" in status(project, "--state", "failed")


def told(project) -> str:
    """What `make status` prints, once there is a plan."""
    return status(project) if (project.folder / "results/tiny/plan.json").is_file() else ""
