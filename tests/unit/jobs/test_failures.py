"""How a run's failure is explained."""

import errno
import json
import os

import pytest

from emotion_grid.jobs.failures import explain_end, last_lines
from testing.jobs import BEGIN


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
        ("FAILED", "FAILED", "fix the error that the log shows"),
    ],
)
def test_how_a_job_ended_and_what_to_do(grid, state, said, advice):
    grid.run("lost", log="epoch 1")
    grid.job(31, "lost", state)
    text = grid.explain("lost")
    assert f"Slurm job 31: {said} after" in text and advice in text


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
    assert "Failed: refused" in text and "the job never started" in text
    text = explain_end(grid.home, grid.checkout, [grid.home / "packs" / "p1.log"], on_cluster=True)
    assert "Failed: p1" in text and "the job never started" in text


def test_a_pack_that_never_reached_its_first_run_is_told_of_that_run(grid):
    (grid.home / "packs").mkdir(parents=True)
    (grid.home / "packs" / "p1.json").write_text(json.dumps({"runs": ["a", "b"]}))
    grid.run("a")
    grid.run("b")
    grid.job(61, "p1", "FAILED", rule="train_pack")
    assert grid.look() == {"a": ("failed", 61), "b": ("waiting", None)}
    text = explain_end(grid.home, grid.checkout, [grid.home / "packs" / "p1.log"], on_cluster=True)
    assert "Failed: a\n  Slurm job 61, shared by a pack: FAILED" in text and "rule_train_pack/tiny_p1/61.log" in text


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


@pytest.mark.parametrize(
    ("number", "found"),
    [(errno.ENOSPC, "a full disk"), (errno.EDQUOT, "a quota that is used up"), (errno.EIO, ""), (0, "")],
)
def test_an_empty_log_where_there_is_no_room_says_so(grid, monkeypatch, number, found):
    """Fault: where a disk is full or a quota used up, a program cannot even say why it ends, and nothing stood below its log's name."""
    (grid.run("mute") / "train.log").touch()

    def write_out(file):
        if number:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", write_out)
    text = grid.explain("mute")
    if found:
        assert f"    | (empty, because of {found})\n  to do: free some space on the disk; the same command" in text
    else:
        assert "empty" not in text and "fix the error" in text


def test_what_slurm_said_of_jobs_that_it_did_not_take_is_told_once_for_all(grid):
    """Fault: a refusal stood amid command lines, and the end showed an empty log, or that of an earlier try."""
    logs = [grid.run(f"run-{number}", log="an earlier try") / "train.log" for number in range(3)]
    words = "sbatch: error: QOSMaxSubmitJobPerUserLimit\nsbatch: error: Batch job submission failed"
    refusals = {str(log): words for log in logs[:2]}
    text = explain_end(grid.home, grid.checkout, logs, on_cluster=True, refusals=refusals)
    assert "Not taken by Slurm: run-0 and 1 more\n    | sbatch: error: QOSMaxSubmitJobPerUserLimit\n" in text
    assert text.count("QOSMax") == 1 and "Failed: run-2" in text and "Failed: run-0" not in text
