"""Kills, concurrent starts, edits while jobs run, and what is refused before anything runs."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from emotion_grid.jobs.guard import Guard
from testing.tiny import two_members


def wait_for(condition, seconds: float = 300) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def more_runs(project, seeds: list[int], **changes) -> None:
    project.configure(grid=[{**project.config["grid"][0], "encoder": "one", "seed": seeds}], **changes)


def training(project) -> list[Path]:
    """Logs of runs that are at work."""
    return [path for path in project.home.glob("runs/*/train.log") if not (path.parent / "provenance.json").is_file()]


def test_a_second_start_is_refused_by_name_and_a_kill_needs_no_unlock(project):
    held = '    start = time.monotonic()\n    while Path("hold").exists():\n        time.sleep(0.2)\n'
    project.edit("emotion_grid/training/run.py", "    start = time.monotonic()\n", held)
    (project.folder / "hold").touch()
    more_runs(project, [1, 5])
    first = project.start()
    wait_for(lambda: training(project))
    refused = project.run(fails=True)
    assert "tiny is already running" in refused.output and str(first.pid) in refused.output
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    (project.folder / "hold").unlink()
    assert len(project.run().trained) == 2
    assert project.run().nothing


def test_two_experiments_at_once_finish_undisturbed(project):
    other = project.folder / "config" / "other.yaml"
    other.write_text(yaml.safe_dump({**project.config, "experiment": "other", "grid": [{"encoder": "one", "seed": 3}]}))
    more_runs(project, [1, 5])
    first, second = project.start(), project.start("--configfile", str(other))
    outputs = [process.communicate(timeout=900)[0] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outputs
    assert (project.home / "report.html").is_file()
    assert (project.folder / "results/other/report.html").is_file()


def test_two_members_with_one_cache_fetch_and_encode_once_and_both_finish(project, tmp_path):
    shutil.rmtree(project.folder / "cache")
    more_runs(project, [9])
    two_members(project, tmp_path)


def test_a_config_edited_while_its_runs_train_leaves_them_under_their_spec(project):
    more_runs(project, [6])
    process = project.start()
    wait_for(lambda: training(project))
    project.configure(training={**project.config["training"], "epochs": 1})
    output = process.communicate(timeout=900)[0]
    assert process.returncode == 0, output
    row = project.summary()[0]
    spec = yaml.safe_load((project.home / "runs" / row["run"] / "spec.json").read_text())
    history = (project.home / "runs" / row["run"] / "history.csv").read_text().splitlines()
    assert spec["training"]["epochs"] == 2 and len(history) == 3
    assert len(project.run("-n").trained) == 1, "the edited value is another run"


def test_a_failed_program_shows_its_log_and_loses_no_other_run(project):
    more_runs(project, [1, 8])
    project.edit(
        "emotion_grid/training/run.py",
        "    set_up_environment(job.threads)\n",
        '    set_up_environment(job.threads)\n    assert job.spec["seed"] != 8, "boom"\n',
    )
    project.configure(older_results={"program": "keep"})
    outcome = project.run(fails=True)
    assert "boom" in outcome.output and "train.log" in outcome.output
    assert len([name for name in outcome.trained if "seed-8" in name]) == 1


def changed(config: dict, path: str, value: object) -> dict:
    *parents, last = path.split(".")
    inner = config
    for key in parents:
        inner = inner[int(key)] if isinstance(inner, list) else inner[key]
    inner[last] = value
    return config


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("training.epohcs", 3, "training.epohcs: unknown key; did you mean epochs?"),
        ("training.epochs", "three", "training.epochs: expected a whole number"),
        ("grid.0.freeze", 4, "grid[0].freeze: expected at most 3, the layers of one"),
        ("grid.0.lora", {"rank": 2}, "grid[0].lora: expected none where freeze: all"),
        ("grid", [], "grid: expected at least one entry"),
        ("grid.0.encoder", "three", "grid[0].encoder: expected one of one, two"),
        ("data.dev", "texts/nothing.csv", "data.dev: expected a file with a table, found nothing at texts/nothing.csv"),
        (
            "data.labels",
            ["anger", "joyy"],
            "data.train: texts/train.csv: expected the column joyy, found id, text, anger,",
        ),
        ("encoders.one.model", "bert-base-uncased", "encoders.one.revision: missing"),
        ("encoders.one.model", "./nowhere", "nowhere: expected a folder with an encoder"),
    ],
)
def test_a_wrong_config_is_refused_before_anything_runs(project, path, value, expected):
    project.config_file.write_text(yaml.safe_dump({**changed(project.config, path, value), "experiment": "fresh"}))
    outcome = project.run(fails=True)
    assert expected in outcome.output
    assert "Traceback" not in outcome.output and 'File "' not in outcome.output, "a refusal is its message alone"
    assert not (project.folder / "results/fresh").exists()


def test_folders_may_lie_below_the_home_folder(project, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    project.configure(results_root="~/results", cache_root="~/cache")
    output = project.run("-n").output
    assert f"{tmp_path}/results/tiny/" in output and f"{tmp_path}/cache/tokens/" in output and "~" not in output


def test_two_encoders_of_one_name_are_refused(project):
    project.edit("config/config.yaml", "encoders:\n", "encoders:\n  one: {model: ./encoders/two}\n")
    outcome = project.run(fails=True)
    assert "the key one stands twice" in outcome.output and "line" in outcome.output


def test_wrong_data_is_refused_before_anything_runs(project):
    project.edit("texts/dev.csv", "dev-3,", "dev-2,")
    outcome = project.run(fails=True)
    assert "row 4 (id dev-2), column id: expected ids that are unique, found the id of row 3 again" in outcome.output
    assert outcome.trained == []
    assert not [path for path in (project.home / "data").glob("*/*.csv") if path.stat().st_mtime > time.time() - 5]


def test_snakemake_lint_says_nothing_but_what_is_answered(project):
    output = subprocess.run(
        project.command("--lint"), cwd=project.folder, env=project.environment(), capture_output=True, text=True
    ).stderr
    titles = set(re.findall(r"^    \* (.*?):?$", output, re.MULTILINE))
    # The image holds for every rule but the one that builds it.
    assert titles <= {"Specify a conda environment or container for each rule."}, output
    assert re.findall(r"^Lints for (\w+ \w+)", output, re.MULTILINE) == ["rule build_container"], output


def test_forced_runs_get_what_they_need_and_a_failure_costs_no_result(project):
    """Fault: with the cache gone, `--forcerun train` deleted every finished run's predictions and trained nothing."""
    before = project.snapshot()
    shutil.rmtree(project.folder / "cache")
    assert project.run().nothing
    project.configure(grid=[{**project.config["grid"][0], "encoder": "one"}])
    outcome = project.run("--forcerun", "train")
    assert len(outcome.trained) == 2 and "Tokenizing the texts" in outcome.output
    assert project.snapshot() == before
    project.edit("emotion_grid/training/run.py", "    start = time.monotonic()\n", "    raise SystemExit(3)\n")
    project.configure(older_results={"program": "keep"})
    project.run("--forcerun", "train", fails=True)
    assert project.snapshot() == before, "results leave only when new ones are there"


def times(project) -> dict[Path, int]:
    """When each file was written, Snakemake's own left out."""
    return {path: path.stat().st_mtime_ns for path in project.folder.rglob("*") if ".snakemake" not in path.parts}


@pytest.mark.parametrize("mode", ["--rulegraph", "--dag", "--summary", "--list-rules", "--lint"])
def test_looking_writes_nothing_and_needs_no_guard(project, mode):
    """Fault: a look at the graph wrote specs, took the guard and rewrote the plan, so that finished runs seemed unused."""
    project.configure(grid=[{**project.config["grid"][0], "seed": [9]}])
    guard = Guard(project.home, "tiny")
    before = times(project)
    done = subprocess.run(
        project.command(mode), cwd=project.folder, env=project.environment(), capture_output=True, text=True
    )
    assert times(project) == before and guard.held
    assert "Traceback" not in done.stderr and (done.returncode == 0 or mode == "--lint"), done.stderr


def test_results_that_an_orphan_finished_are_finished(project):
    """Fault: Snakemake is killed alone, its child finishes the run, and the next start trains it again."""
    more_runs(project, [1, 2, 8])
    project.edit(
        "emotion_grid/training/run.py",
        "    start = time.monotonic()\n",
        "    start = time.monotonic()\n    while Path('hold').exists():\n        time.sleep(0.2)\n",
    )
    project.configure(older_results={"program": "keep"})
    (project.folder / "hold").touch()
    process = project.start()
    wait_for(lambda: len(list(project.home.glob("runs/*seed-8*/train.log"))) > 0)
    time.sleep(3)
    process.kill()
    process.wait()
    status = [sys.executable, "-m", "scripts.status", "--results", "results/tiny", "--state", "running"]
    looked = subprocess.run(status, cwd=project.folder, env=project.environment(), capture_output=True, text=True)
    assert "seed-8" in looked.stdout, "its program is at work"
    (project.folder / "hold").unlink()
    wait_for(lambda: any(path.is_file() for path in project.home.glob("runs/*seed-8*/provenance.json")))
    time.sleep(1)
    finished = {path.parent.name for path in project.home.glob("runs/*seed-8*/provenance.json")}
    assert not finished & set(project.run().trained)


def test_fewer_cores_than_threads_are_refused_in_a_dry_run_and_in_a_start(project):
    """Fault: it was checked while the Snakefile is read, when Snakemake does not know its executor yet, and so never."""
    project.configure(training={**project.config["training"], "threads": 2})
    for looks in (("-n",), ()):
        refused = project.run("--cores", "1", *looks, fails=True)
        assert "training.threads: expected at most the cores of this start (1), found 2" in refused.output
    assert project.run("--cores", "2", "-n").trained
