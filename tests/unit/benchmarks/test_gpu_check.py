"""The check of a GPU: a row for every check, whatever becomes of it."""

import csv
import sys
import time

import numpy as np
import pytest

from benchmarks import gpu_check
from benchmarks.gpu.checks import CHECKS, Check, expect_near
from benchmarks.gpu.encoders import SHAPES
from benchmarks.gpu.lab import Failed, Lab, OutOfTime
from benchmarks.gpu.texts import write_texts
from emotion_grid.base.cli import run_program


def raising(error: Exception):
    def run(lab, row):
        row["found"] = "a figure"
        raise error

    return run


def fine(lab, row):
    row["texts_per_second"] = 7


ODD = [
    Check("breaks", "minilm", "", raising(ZeroDivisionError("by\nzero")), alone=True),
    Check("fails", "minilm", "", raising(Failed("a | b"))),
    Check("late", "minilm", "", raising(OutOfTime())),
    Check("on a GPU", "minilm", "", fine, needs_gpu=True),
    Check("fine", "minilm", "", fine, alone=True),
]


@pytest.fixture
def started(tmp_path, monkeypatch):
    """Call with checks: the exit status of the program with these on a machine without a GPU, and the rows of its table."""
    monkeypatch.setattr(gpu_check, "_machine", lambda: {"gpu": None, "cores": 2})
    monkeypatch.setattr(Lab, "make", lambda lab, encoders: None)

    def start(checks):
        monkeypatch.setattr(gpu_check, "CHECKS", checks)
        monkeypatch.setattr(sys, "argv", ["gpu_check", "--output", str(tmp_path / "out")])
        status = run_program(gpu_check.main)
        with (tmp_path / "out" / "checks.csv").open() as file:
            return status, {row["check"]: row for row in csv.DictReader(file)}

    return start


def test_what_fails_is_a_row_and_the_others_go_on(started, tmp_path, capsys):
    """Fault: one check ends all, its reason is lost, or the exit status says that all is well."""
    status, rows = started(ODD)
    assert status == 1
    assert list(rows) == [check.name for check in ODD]
    assert [row["result"] for row in rows.values()] == ["FAILED", "FAILED", "no time left", "needs a GPU", "passed"]
    assert rows["breaks"]["found"] == "ZeroDivisionError: by zero; a figure"
    assert rows["fine"]["texts_per_second"] == "7"
    table = (tmp_path / "out" / "checks.md").read_text()
    assert {line.count("|") for line in table.splitlines()[2:]} == {len(gpu_check.COLUMNS) + 1}
    assert "NO GPU WORKS HERE" in capsys.readouterr().err
    assert not (tmp_path / "out" / "work").exists()


def test_what_needs_a_gpu_or_more_time_is_no_failure(started):
    """Fault: a machine without a GPU, or a short lease, cannot pass."""
    assert started(ODD[2:])[0] == 0


def test_the_checks_have_names_of_their_own_and_encoders_that_are_made():
    """Fault: two rows that cannot be told apart; a check that waits for an encoder that nobody makes."""
    assert len({(check.name, check.encoder) for check in CHECKS}) == len(CHECKS)
    assert {check.encoder for check in CHECKS} <= set(SHAPES)


@pytest.mark.parametrize(("other", "passes"), [(0.5, True), (0.501, True), (0.502, False), (np.nan, False)])
def test_a_difference_above_the_bound_is_refused(other, passes):
    """Fault: probabilities that are no numbers count as near."""
    row: dict = {}
    try:
        expect_near(row, np.array([[0.5, 0.1]]), np.array([[other, 0.1]]), 0.0011)
    except Failed:
        assert not passes
    else:
        assert passes
    assert row["bound"] == 0.0011


def test_a_program_that_does_not_end_in_time_is_ended(tmp_path):
    """Fault: a lease is spent on one program that hangs."""
    lab = Lab(tmp_path, True, time.monotonic() + 1, tmp_path / "log")
    with pytest.raises(OutOfTime):
        lab.program("timeit", "-n1", "-r1", "import time; time.sleep(60)")
    assert time.monotonic() - lab.deadline < 20


def test_a_program_that_fails_says_why(tmp_path):
    """Fault: the reason is in a log that nobody kept."""
    lab = Lab(tmp_path, True, time.monotonic() + 60, tmp_path / "log")
    with pytest.raises(Failed, match="exit status 1: SystemExit: no numbers"):
        lab.program("timeit", "-n1", "-r1", "raise SystemExit('no numbers')")
    assert "no numbers" in (tmp_path / "log").read_text()


def test_texts_are_as_long_as_tweets(tmp_path):
    """Fault: speeds and memory of texts that nobody writes."""
    write_texts(tmp_path / "train.csv", "train", 2768, 20_000)
    with (tmp_path / "train.csv").open() as file:
        tokens = np.array([len(row["text"].split()) + 2 for row in csv.DictReader(file)])
    assert 20 < tokens.mean() < 22
    assert 35 < np.quantile(tokens, 0.95) < 45
    assert tokens.max() == tokens[0] == 123


def test_speeds_are_measured_alone():
    """Fault: a speed beside other programs."""
    assert all(check.alone for check in CHECKS if check.name.startswith("speed"))
