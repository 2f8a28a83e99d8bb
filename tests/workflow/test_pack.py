"""Several runs in one process after another, as a Slurm job of `train_pack` starts them."""

import json
import signal
import subprocess
import sys

from tests.workflow.test_robustness import wait_for


def start_pack(project, runs: list[str]) -> subprocess.Popen:
    packs = project.home / "packs"
    packs.mkdir(exist_ok=True)
    (packs / "one.json").write_text(json.dumps({"runs": runs}))
    options = ["--pack", packs / "one.json", "--results", project.home, "--cache", project.folder / "cache"]
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.train_pack", *map(str, options), "--output", str(packs / "one.done")],
        cwd=project.folder,
        env=project.environment(),
        stderr=subprocess.PIPE,
        text=True,
    )


def lose(project, run: str) -> None:
    (project.home / "runs" / run / "provenance.json").unlink()


def test_a_pack_trains_what_is_missing_and_leaves_the_rest(project):
    before = project.snapshot()
    runs = [row["run"] for row in project.summary()]
    times = {path: path.stat().st_mtime_ns for path in (project.home / "runs" / runs[0]).rglob("*")}
    lose(project, runs[1])
    done = start_pack(project, runs[:2])
    assert done.wait(120) == 0, done.stderr.read()
    assert {path: path.stat().st_mtime_ns for path in (project.home / "runs" / runs[0]).rglob("*")} == times
    assert (project.home / "packs" / "one.done").is_file()
    assert project.snapshot() == before
    assert project.run().trained == []


def test_a_failing_member_ends_no_other_and_is_named(project):
    runs = [row["run"] for row in project.summary()]
    for run in runs[:2]:
        lose(project, run)
    spec = project.home / "runs" / runs[0] / "spec.json"
    spec.write_text(spec.read_text().replace('"mlp"', '"nothing"'))
    pack = start_pack(project, runs[:2])
    said = pack.communicate(timeout=900)[1]
    assert pack.returncode == 1 and f"1 of 2 runs failed; see {project.home}/runs/{runs[0]}/train.log" in said
    assert (project.home / "runs" / runs[1] / "provenance.json").is_file()
    assert not (project.home / "packs" / "one.done").exists()


def test_a_signal_reaches_the_member_at_work_which_then_continues(project):
    """Fault: the pack ends and leaves its member behind, or starts the next one."""
    before = project.snapshot()
    runs = [row["run"] for row in project.summary()]
    project.edit(
        "emotion_grid/training/optimisation.py",
        "    torch.manual_seed(int(",
        "    import time\n    from pathlib import Path\n\n    if Path('slow').exists():\n        time.sleep(0.5)\n    torch.manual_seed(int(",
    )
    (project.folder / "slow").touch()
    for run in runs[:2]:
        lose(project, run)
    log = project.home / "runs" / runs[0] / "train.log"
    log.unlink()
    pack = start_pack(project, runs[:2])
    wait_for(lambda: log.is_file() and "epoch 1/2" in log.read_text())
    pack.send_signal(signal.SIGTERM)
    said = pack.communicate(timeout=900)[1]
    assert pack.returncode == 128 + signal.SIGTERM and "stopped by SIGTERM" in said
    assert "stopped by SIGTERM" in log.read_text() and "train.log" not in said
    assert not (project.home / "runs" / runs[1] / "provenance.json").exists()
    (project.folder / "slow").unlink()
    again = start_pack(project, runs[:2])
    assert again.wait(120) == 0
    assert "continuing from the checkpoint" in log.read_text()
    assert project.snapshot() == before
