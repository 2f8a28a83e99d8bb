"""What became of runs: results on disk, Snakemake's records, and a Slurm that answers what the test says."""

import base64
import json
import os
import time
from pathlib import Path

import pytest

from emotion_grid.base.integrity import renew_record
from emotion_grid.base.messages import InputError
from emotion_grid.jobs.failures import explain_end
from emotion_grid.jobs.guard import Guard
from emotion_grid.jobs.status import experiment_status, overview
from emotion_grid.jobs.usage import efficiency
from testing.jobs import BEGIN


def test_every_state_with_job_time_and_log(grid):
    grid.run("finished", log="done", results={"job": "11", "total_seconds": 61.2})
    grid.run("at-work", log="epoch 1")
    grid.run("in-queue")
    grid.run("not-begun")
    grid.run("broken", log="boom")
    grid.job(11, "finished", "COMPLETED")
    grid.job(12, "at-work", "RUNNING")
    grid.job(13, "in-queue", "PENDING")
    grid.job(14, "broken", "FAILED")
    assert grid.look() == {
        "finished": ("done", 11),
        "at-work": ("running", 12),
        "in-queue": ("queued", 13),
        "not-begun": ("waiting", None),
        "broken": ("failed", 14),
    }
    assert overview(experiment_status(grid.home, grid.checkout)).startswith(
        "tiny: 5 runs: 1 failed, 1 running, 1 queued, 1 waiting, 1 done"
    )
    lines = [line.split() for line in grid.table().splitlines()]
    assert lines[1] == ["failed", "14", "0:10:00", "broken", "results/tiny/runs/broken/train.log", "FAILED"]
    assert lines[2] == ["running", "12", "0:01:05", "at-work", "results/tiny/runs/at-work/train.log", "RUNNING"]
    assert lines[3] == ["queued", "13", "0:01:05", "in-queue", "-", "PENDING"]
    assert lines[4] == ["waiting", "-", "-", "not-begun", "-", "-"]
    assert lines[5] == ["done", "11", "0:01:01", "finished", "results/tiny/runs/finished/train.log", "-"]


def test_finished_runs_that_were_changed_are_damaged(grid):
    """Fault: a run whose table was cut counts as done, and an emptied record ends the program."""
    for name in ("whole", "cut", "emptied"):
        folder = grid.run(name, results={"total_seconds": 1.0})
        (folder / "spec.json").write_text("{}")
        (folder / "predictions" / "dev.csv").write_text("id,joy\n1,0.5\n")
        renew_record(folder / "provenance.json", ["predictions/dev.csv", "spec.json"])
    later = time.time() + 5
    for name, file in (("cut", "predictions/dev.csv"), ("emptied", "provenance.json")):
        (grid.home / "runs" / name / file).write_text("")
        os.utime(grid.home / "runs" / name / file, (later, later))
    assert {name: state for name, (state, _) in grid.look().items()} == {
        "whole": "done",
        "cut": "damaged",
        "emptied": "damaged",
    }


def test_a_job_that_slurm_still_cleans_up_after_has_ended_as_the_accounting_says(grid):
    grid.run("slow", log="epoch 1")
    grid.job(21, "slow", "COMPLETING")
    grid.job(21, "slow", "TIMEOUT")
    (line,) = [line.split() for line in grid.table().splitlines()[1:]]
    assert (line[0], line[-1]) == ("failed", "TIMEOUT")


def test_slurm_is_asked_once_however_many_runs_there_are(grid):
    for number in range(12_000):
        name = f"run-{number}"
        grid.rows.append({"run": name, "kind": "run", "folder": f"runs/{name}", "columns": {}})
    for number in range(6000):
        folder = grid.checkout / ".snakemake/slurm_logs/rule_train" / f"tiny_run-{number}"
        folder.mkdir(parents=True)
        (folder / f"{70_000_000 + number}.log").touch()
    grid.run("last")
    assert sum(state == "failed" for state, _ in grid.look().values()) == 6000
    assert sorted((grid.checkout / "asked").read_text().split()) == ["sacct", "squeue"]


def test_the_newest_of_a_runs_jobs_counts(grid):
    grid.run("again", log="epoch 1")
    grid.job(9, "again", "TIMEOUT")
    grid.job(10, "again", "NODE_FAIL")
    assert grid.look()["again"] == ("failed", 10)
    assert "NODE_FAIL" in grid.table() and "TIMEOUT" not in grid.table()


def test_members_of_a_pack(grid):
    (grid.home / "packs").mkdir(parents=True)
    (grid.home / "packs" / "p1.json").write_text(json.dumps({"runs": ["a", "b", "c", "d", "e"]}))
    grid.run("a", log="done", results={"job": "61", "total_seconds": 5})
    grid.run("b", log="Traceback (most recent call last):\nRuntimeError: boom")
    grid.run("c", log="epoch 1")
    old = grid.run("d", log="from yesterday")
    grid.run("e")
    os.utime(old / "train.log", (BEGIN - 100, BEGIN - 100))
    grid.job(61, "p1", "RUNNING", rule="train_pack")
    expected = {"a": "done", "b": "failed", "c": "running", "d": "queued", "e": "queued"}
    assert grid.look() == {name: (state, 61) for name, state in expected.items()}
    assert efficiency(experiment_status(grid.home, grid.checkout)) == "", "a job at work has not used what it will use"
    grid.answer("squeue", "")
    grid.job(61, "p1", "TIMEOUT", rule="train_pack")
    assert grid.look() == {
        "a": ("done", 61),
        "b": ("failed", 61),
        "c": ("failed", 61),
        "d": ("waiting", None),
        "e": ("waiting", None),
    }
    text = explain_end(grid.home, grid.checkout, [grid.home / "packs" / "p1.log"], on_cluster=True)
    assert text.count("Failed: ") == 2 and "Failed: c\n  Slurm job 61, shared by a pack: TIMEOUT" in text
    killed = text.partition("Failed: c")[2]
    assert "fix the error that the log shows" in text.partition("Failed: c")[0], "b ended by an error of its own"
    assert "raise runtime" in killed


def test_without_slurm_a_run_is_told_by_snakemakes_marks_and_the_guard(grid, monkeypatch):
    grid.run("at-work", log="epoch 1")
    grid.run("broken", log="boom")
    grid.run("not-begun")
    made = "results/tiny/runs/at-work/provenance.json"
    marks = grid.checkout / ".snakemake" / "incomplete"
    marks.mkdir(parents=True)
    key = base64.urlsafe_b64encode(made.encode()).decode()
    (marks / f"@{key[:20]}").mkdir()
    (marks / f"@{key[:20]}" / key[20:]).write_text('{"external_jobid": null}')
    guard = Guard(grid.home, "tiny")
    os.utime(grid.home / "runs" / "broken" / "train.log", (time.time() + 5, time.time() + 5))
    assert grid.look() == {"at-work": ("running", None), "broken": ("failed", None), "not-begun": ("waiting", None)}
    assert "Snakemake is running, started by" in overview(experiment_status(grid.home, grid.checkout))
    guard._file.close()
    assert grid.look()["at-work"] == ("failed", None)
    assert "Snakemake is not running" in overview(experiment_status(grid.home, grid.checkout))
    assert not (grid.checkout / "asked").exists(), "no job was ever submitted from here"


def test_a_failure_of_an_earlier_start_waits_again_while_a_start_is_at_work(grid):
    folder = grid.run("broken", log="boom")
    os.utime(folder / "train.log", (BEGIN, BEGIN))
    guard = Guard(grid.home, "tiny")
    assert grid.look()["broken"] == ("waiting", None)
    guard._file.close()
    assert grid.look()["broken"] == ("failed", None)


def test_a_slurm_that_does_not_answer_is_said_and_hides_nothing(grid):
    grid.run("broken", log="boom")
    grid.job(71, "broken", "FAILED")
    grid.answer("squeue", "slurm_load_jobs error: Unable to contact slurm controller", status=1)
    grid.answer("sacct", "Connection refused", status=1)
    found = experiment_status(grid.home, grid.checkout)
    assert [run.state for run in found.runs] == ["failed"]
    assert "Unable to contact" in overview(found) and "Connection refused" in overview(found)
    assert "Slurm job 71: state not known" in grid.explain("broken")


def test_without_a_plan_the_message_says_what_to_do(grid):
    with pytest.raises(InputError, match=r"plan\.json"):
        experiment_status(Path("results/none"), grid.checkout)
