"""What became of runs: results on disk, Snakemake's records, and a Slurm that answers what the test says."""

import base64
import json
import os
import socket
import time
from pathlib import Path

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.data.splits import RESULT_FILES
from emotion_grid.jobs.failures import explain_end, last_lines
from emotion_grid.jobs.guard import Guard, last_start
from emotion_grid.jobs.status import experiment_status, overview, runs_text
from emotion_grid.jobs.usage import efficiency

BEGIN = time.time() - 3600
"""When the jobs of these tests began."""


class Grid:
    """An experiment's folder with runs as named, and what Slurm says of their jobs."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch):
        self.checkout, self.home = folder, Path("results/tiny")
        monkeypatch.chdir(folder)
        (folder / "bin").mkdir()
        for program in ("squeue", "sacct"):
            self.answer(program, "")
        monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
        self.rows: list[dict] = []
        self.queue: list[str] = []
        self.accounting: list[str] = []

    def answer(self, program: str, text: str, status: int = 0) -> None:
        """Let a program of Slurm's print a text, and note that it was asked."""
        (self.checkout / f"{program}.txt").write_text(text)
        path = self.checkout / "bin" / program
        stream = ">&2" if status else ""
        path.write_text(
            f"#!/bin/sh\necho {program} >> {self.checkout}/asked\ncat {self.checkout}/{program}.txt {stream}\nexit {status}\n"
        )
        path.chmod(0o755)

    def run(self, name: str, encoder: str = "one", log: str = "", results: dict | None = None) -> Path:
        """A run of the plan: its log if it has one, written after the jobs began, and its results."""
        self.rows.append({"run": name, "kind": "run", "folder": f"runs/{name}", "columns": {"encoder": encoder}})
        (self.home).mkdir(parents=True, exist_ok=True)
        (self.home / "plan.json").write_text(json.dumps({"rows": self.rows}))
        folder = self.home / "runs" / name
        (folder / "predictions").mkdir(parents=True)
        if log:
            (folder / "train.log").write_text(log)
        if results is not None:
            for file in RESULT_FILES:
                (folder / file).write_text("")
            (folder / "provenance.json").write_text(json.dumps(results))
        return folder

    def job(self, number: int, name: str, state: str, step: str = "", rule: str = "train", **more: str) -> None:
        """A job of a run, as squeue tells it while it lives and sacct afterwards."""
        label, begin = f"rule_{rule}_wildcards_tiny_{name}", time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(BEGIN))
        folder = self.checkout / ".snakemake" / "slurm_logs" / f"rule_{rule}" / f"tiny_{name}"
        folder.mkdir(parents=True, exist_ok=True)
        where = more.get("where", str(self.checkout))
        if state != "PENDING":
            (folder / f"{number}.log").write_text("Slurm's own log\n")
        if state in ("PENDING", "RUNNING", "COMPLETING"):
            self.queue.append(f"{number}|{state}|{label}|{begin}|1:05|20:00|{where}")
            self.answer("squeue", "\n".join(self.queue))
        else:
            self.accounting += [
                f"{number}|{state}|{label}|{begin}|600|20||3000M|{where}",
                f"{number}.batch|{state}||{begin}|600|||20M|",
                f"{number}.0|{step or state}||{begin}|590||{more.get('mb', '1000.50M')}||",
            ]
            self.answer("sacct", "\n".join(self.accounting))

    def look(self) -> dict[str, tuple[str, int | None]]:
        """State and job of every run."""
        found = experiment_status(self.home, self.checkout)
        return {run.name: (run.state, run.job.number if run.job else None) for run in found.runs}

    def table(self) -> str:
        return runs_text(experiment_status(self.home, self.checkout))

    def explain(self, *names: str) -> str:
        return explain_end(
            self.home, self.checkout, [self.home / "runs" / name / "train.log" for name in names], on_cluster=True
        )


@pytest.fixture
def grid(tmp_path, monkeypatch) -> Grid:
    return Grid(tmp_path, monkeypatch)


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


def test_a_memory_kill_that_slurm_tells_of_the_step_alone_is_told_with_what_to_do(grid):
    grid.run("greedy", log="".join(f"line {number}\n" for number in range(9)))
    grid.job(21, "greedy", "FAILED", step="OUT_OF_MEMORY")
    text = grid.explain("greedy")
    assert "Slurm job 21: OUT_OF_MEMORY after 0:10:00 (asked for 0:20:00, 3000 MB)" in text
    assert "log: results/tiny/runs/greedy/train.log" in text
    assert "| line 4\n" in text and "| line 8\n" in text and "| line 3\n" not in text
    assert "raise mem_mb_retry" in text


@pytest.mark.parametrize(
    ("state", "said", "advice"),
    [
        ("TIMEOUT", "TIMEOUT", "raise runtime"),
        ("NODE_FAIL", "NODE_FAIL", "continues from the last checkpoint"),
        ("CANCELLED by 1000", "CANCELLED", "somebody cancelled"),
        ("FAILED", "FAILED", "mend what the log says"),
    ],
)
def test_how_a_job_ended_and_what_to_do(grid, state, said, advice):
    grid.run("lost", log="epoch 1")
    grid.job(31, "lost", state)
    text = grid.explain("lost")
    assert f"Slurm job 31: {said} after" in text and advice in text


def test_the_newest_of_a_runs_jobs_counts(grid):
    grid.run("again", log="epoch 1")
    grid.job(9, "again", "TIMEOUT")
    grid.job(10, "again", "NODE_FAIL")
    assert grid.look()["again"] == ("failed", 10)
    assert "NODE_FAIL" in grid.table() and "TIMEOUT" not in grid.table()


def test_slurms_own_log_is_named_where_the_program_never_began(grid):
    folder = grid.run("early", log="an earlier try")
    os.utime(folder / "train.log", (BEGIN - 100, BEGIN - 100))
    grid.job(41, "early", "FAILED")
    assert "log: .snakemake/slurm_logs/rule_train/tiny_early/41.log" in grid.explain("early")
    assert "Slurm's own log" in grid.explain("early")


def test_a_job_that_slurm_did_not_take_is_said_to_have_none(grid):
    (grid.home / "packs").mkdir(parents=True)
    (grid.home / "packs" / "p1.json").write_text(json.dumps({"runs": ["packed"]}))
    grid.run("refused")
    grid.run("packed")
    text = grid.explain("refused")
    assert "Failed: refused" in text and "did not begin" in text
    text = explain_end(grid.home, grid.checkout, [grid.home / "packs" / "p1.log"], on_cluster=True)
    assert "Failed: p1" in text and "did not begin" in text


def test_accounting_of_a_number_given_away_again_is_not_taken(grid):
    grid.run("mine", log="done", results={"job": "51", "total_seconds": 5})
    grid.job(51, "mine", "COMPLETED", where="/home/another/checkout")
    assert efficiency(experiment_status(grid.home, grid.checkout)) == ""


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
    assert "mend what the log says" in text.partition("Failed: c")[0], "b ended by an error of its own"
    assert "raise runtime" in killed


def test_a_pack_that_never_reached_its_first_run_is_told_of_that_run(grid):
    (grid.home / "packs").mkdir(parents=True)
    (grid.home / "packs" / "p1.json").write_text(json.dumps({"runs": ["a", "b"]}))
    grid.run("a")
    grid.run("b")
    grid.job(61, "p1", "FAILED", rule="train_pack")
    assert grid.look() == {"a": ("failed", 61), "b": ("waiting", None)}
    text = explain_end(grid.home, grid.checkout, [grid.home / "packs" / "p1.log"], on_cluster=True)
    assert "Failed: a\n  Slurm job 61, shared by a pack: FAILED" in text and "rule_train_pack/tiny_p1/61.log" in text


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
    assert "A start is at work, started by" in overview(experiment_status(grid.home, grid.checkout))
    guard._file.close()
    assert grid.look()["at-work"] == ("failed", None)
    assert "No start is at work" in overview(experiment_status(grid.home, grid.checkout))
    assert not (grid.checkout / "asked").exists(), "no job was ever submitted from here"


def test_a_failure_of_an_earlier_start_waits_again_while_a_start_is_at_work(grid):
    folder = grid.run("broken", log="boom")
    os.utime(folder / "train.log", (BEGIN, BEGIN))
    guard = Guard(grid.home, "tiny")
    assert grid.look()["broken"] == ("waiting", None)
    guard._file.close()
    assert grid.look()["broken"] == ("failed", None)


def test_looking_takes_the_guard_from_nobody_and_another_host_is_not_judged(grid, monkeypatch):
    grid.run("one")
    assert last_start(grid.home) is None
    guard = Guard(grid.home, "tiny")
    guard._file.close()
    assert last_start(grid.home).at_work is False
    Guard(grid.home, "tiny")
    monkeypatch.setattr(socket, "gethostname", lambda: "login2")
    assert last_start(grid.home).at_work is None
    assert "only that host can tell" in overview(experiment_status(grid.home, grid.checkout))


def test_a_slurm_that_does_not_answer_is_said_and_hides_nothing(grid):
    grid.run("broken", log="boom")
    grid.job(71, "broken", "FAILED")
    grid.answer("squeue", "slurm_load_jobs error: Unable to contact slurm controller", status=1)
    grid.answer("sacct", "Connection refused", status=1)
    found = experiment_status(grid.home, grid.checkout)
    assert [run.state for run in found.runs] == ["failed"]
    assert "Unable to contact" in overview(found) and "Connection refused" in overview(found)
    assert "Slurm job 71: state not known" in grid.explain("broken")


def test_what_was_asked_and_used_by_encoder_and_what_would_do(grid):
    for number, encoder in ((1, "small"), (2, "small"), (3, "large")):
        grid.run(f"run-{number}", encoder, log="done", results={"job": str(number), "total_seconds": 500})
    grid.job(1, "run-1", "COMPLETED", mb="1000.5M")
    grid.job(2, "run-2", "COMPLETED", mb="900M")
    grid.job(3, "run-3", "COMPLETED", mb="2600M")
    lines = [line.split() for line in efficiency(experiment_status(grid.home, grid.checkout)).splitlines()]
    assert lines[2] == ["large", "1", "0:20:00", "0:10:00", "3000", "MB", "2600", "MB", "15", "min,", "3200", "MB"]
    assert lines[3] == ["small", "2", "0:20:00", "0:10:00", "3000", "MB", "1000", "MB", "15", "min,", "1300", "MB"]
    assert efficiency(experiment_status(grid.home, grid.checkout)).endswith("runtime: 15, mem_mb: 3200")


def test_a_job_that_ran_out_is_advised_twice_what_it_had(grid):
    grid.run("slow", log="epoch 1")
    grid.run("greedy", log="epoch 1")
    grid.job(1, "slow", "TIMEOUT", mb="100M")
    grid.job(2, "greedy", "FAILED", step="OUT_OF_MEMORY", mb="2990M")
    assert efficiency(experiment_status(grid.home, grid.checkout)).endswith("runtime: 20, mem_mb: 6000")


def test_many_failures_do_not_fill_the_screen(grid):
    names = [f"run-{number}" for number in range(40)]
    for name in names:
        grid.run(name, log="boom")
    text = grid.explain(*names)
    assert text.count("Failed: ") == 10
    assert "30 more failed: make status EXPERIMENT=tiny STATE=failed" in text


def test_a_failed_step_that_is_no_run_shows_its_message_whole(grid):
    grid.run("one")
    log = grid.home / "prepare.log"
    log.write_text("working\nerror: texts.csv: 7 problems:\n" + "".join(f"  row {number}\n" for number in range(7)))
    text = explain_end(grid.home, grid.checkout, [log])
    assert "Failed: prepare" in text and "| error: texts.csv" in text and "|   row 6" in text and "working" not in text


def test_an_end_without_failures_says_nothing_on_a_laptop(grid):
    grid.run("one", log="done", results={"job": None, "total_seconds": 5})
    assert explain_end(grid.home, grid.checkout) == ""


def test_a_logs_end_holds_no_control_characters(tmp_path):
    log = tmp_path / "train.log"
    log.write_bytes(b"\x1b[31mred\x1b]0;title\x07\xff\n\n")
    assert last_lines(log) == [" [31mred ]0;title \ufffd"]


def test_without_a_plan_the_message_says_what_to_do(grid):
    with pytest.raises(InputError, match=r"plan\.json"):
        experiment_status(Path("results/none"), grid.checkout)
