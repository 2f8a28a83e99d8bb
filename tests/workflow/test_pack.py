"""Several runs in one job, one after another or side by side, as a Slurm job of `train_pack` starts them."""

import json
import signal
import subprocess
import sys

from tests.workflow.test_robustness import wait_for


def start_pack(project, runs: list[str], at_once: int = 1) -> subprocess.Popen:
    packs = project.home / "packs"
    packs.mkdir(exist_ok=True)
    (packs / "one.json").write_text(json.dumps({"runs": runs, "at_once": at_once}))
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


def two_lost(project, program: str) -> list[str]:
    """Two runs of the study without results, and a training program that begins with this."""
    project.edit("emotion_grid/training/run.py", "    start = time.monotonic()\n", program)
    runs = [row["run"] for row in project.summary()][:2]
    for run in runs:
        lose(project, run)
    return runs


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


MEETING = """    start = time.monotonic()
    Path(f"at-work-{job.spec['seed']}").touch()
    while len(list(Path().glob("at-work-*"))) < 2:
        if time.monotonic() - start > 60:
            raise RuntimeError("no other run came")
        time.sleep(0.1)
"""
"""A training program that waits for another run to be at work."""

GREEDY = """    start = time.monotonic()
    if job.spec["seed"] == 1 and not Path("tried").exists():
        Path("tried").touch()
        raise MemoryError("no room beside the other run")
"""
"""A training program that finds too little memory at its first try."""


def test_members_side_by_side_are_at_work_at_the_same_time_and_predict_the_same(project):
    before = project.snapshot()
    done = start_pack(project, two_lost(project, MEETING), at_once=2)
    assert done.wait(120) == 0, done.stderr.read()
    assert project.snapshot() == before


def test_a_member_that_runs_out_of_memory_beside_others_is_tried_again_alone(project):
    before = project.snapshot()
    pack = start_pack(project, two_lost(project, GREEDY), at_once=2)
    said = pack.communicate(timeout=120)[1]
    assert pack.returncode == 0 and said.count("tried again alone") == 1, said
    assert project.snapshot() == before


def test_a_signal_reaches_all_members_side_by_side(project):
    project.edit(
        "emotion_grid/training/optimisation.py",
        "    torch.manual_seed(int(",
        "    import time\n\n    time.sleep(0.5)\n    torch.manual_seed(int(",
    )
    runs = [row["run"] for row in project.summary()][:3]
    logs = [project.home / "runs" / run / "train.log" for run in runs]
    for run, log in zip(runs, logs, strict=True):
        lose(project, run)
        log.unlink()
    pack = start_pack(project, runs, at_once=2)
    wait_for(lambda: all(log.is_file() and "epoch 1/2" in log.read_text() for log in logs[:2]))
    pack.send_signal(signal.SIGTERM)
    assert "stopped by SIGTERM" in pack.communicate(timeout=120)[1]
    assert pack.returncode == 128 + signal.SIGTERM
    assert all("stopped by SIGTERM" in log.read_text() for log in logs[:2])
    assert not logs[2].exists()
