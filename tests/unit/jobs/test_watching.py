"""A study while it runs: how far runs are, how long the grid still takes, and lines that stand still on a terminal."""

import heapq
import io
import os
import random
import re
import time
from dataclasses import replace

import pytest

from emotion_grid.jobs.guard import Guard, Start
from emotion_grid.jobs.progress import Progress, read_progress
from emotion_grid.jobs.slurm import Job
from emotion_grid.jobs.status import Experiment, Run, experiment_status
from emotion_grid.jobs.time_left import expected_seconds, seconds_left
from emotion_grid.jobs.watching import watch
from testing.made import run_program

NOW = 1_800_000_000.0


def test_the_log_that_training_writes_is_understood(tmp_path, capsys, monkeypatch):
    """Fault: training words its lines otherwise, and nobody sees how far it is."""
    torch = pytest.importorskip("torch")
    from emotion_grid.training import progress as training

    clock = iter(range(0, 10**9, 100_000))
    monkeypatch.setattr(training.time, "monotonic", lambda: float(next(clock)))
    told = training.Progress(epochs=3, steps=10)
    log, seen = tmp_path / "train.log", []
    for step in range(1, 16):
        told.add(torch.tensor(0.25))
        told.tell_step(step)
        if step == 10:
            told.tell_epoch(1, 0.5, 0.4)
        log.write_text(log.read_text() if log.exists() else "12:00:00  device cpu\n")
        with log.open("a") as file:
            file.write(capsys.readouterr().err)
        seen.append(read_progress(log, now=log.stat().st_mtime))
    assert [one.epoch for one in seen] == ["1/3"] * 10 + ["2/3"] * 5
    assert [one.loss for one in seen] == [None] * 9 + ["0.2500"] * 6
    assert all(one.left and one.left > 86_400 for one in seen), "days count, too"


def test_the_time_left_of_a_log_passes_between_its_lines(tmp_path):
    log = tmp_path / "train.log"
    log.write_text("12:00:00  epoch 1/3  step 5/30  0:01:40 left\n")
    os.utime(log, (NOW - 30, NOW - 30))
    assert read_progress(log, NOW) == Progress("1/3", None, 70.0)
    assert read_progress(log, NOW + 3600).left == 0.0
    log.write_text("12:00:00  device cpu, precision fp32, 1 threads\n")
    assert read_progress(log, NOW) == read_progress(None) == read_progress(tmp_path / "none") == Progress()


def done(name: str, seconds: float, ended: float = NOW, **cells: object) -> Run:
    return Run(name, str(cells.get("encoder")), "done", seconds=seconds, cells=cells, ended=ended)


def test_runs_of_the_same_kind_say_how_long_a_run_takes():
    finished = [
        done("a", 10, encoder="small", freeze=0, lora="none", head="1x"),
        done("b", 30, encoder="small", freeze=0, lora="none", head="2x"),
        done("c", 90, encoder="small", freeze="all", lora="none", head="1x"),
        done("d", 1000, encoder="large", freeze=0, lora="none", head="1x"),
    ]

    def expected(**cells: object) -> float | None:
        return expected_seconds(Run("x", str(cells["encoder"]), "waiting", cells=cells), finished)

    assert expected(encoder="small", freeze=0, lora="none", head="2x") == 30, "the same setting"
    assert expected(encoder="small", freeze=0, lora="none", head="4x") == 20, "as many layers, the same adapters"
    assert expected(encoder="small", freeze="half", lora="r=8", head="1x") == pytest.approx(130 / 3), "the same encoder"
    assert expected(encoder="other", freeze=0, lora="none", head="1x") == pytest.approx(1130 / 4), "any run"
    assert expected_seconds(finished[0], []) is None


KINDS = {"0": 60.0, "half": 35.0, "all": 4.0}
"""Seconds of a run in the simulated grid, by its frozen layers."""


@pytest.mark.parametrize("lanes", [1, 2, 5])
@pytest.mark.parametrize("seed", range(3))
def test_from_a_third_of_a_grid_on_the_time_left_is_right_within_a_quarter(lanes, seed):
    """Fault: dividing by the number of cores, of which nobody knows how many a start uses, or counting all runs as equally long."""
    chance = random.Random(seed)
    runs = [
        Run(f"{freeze}-{number}", "small", "waiting", cells={"encoder": "small", "freeze": freeze, "lora": "none"})
        for number in range(20)
        for freeze in KINDS
    ]
    begins, ends, free = {}, {}, [NOW] * lanes
    for run in runs:
        begins[run.name] = heapq.heappop(free) + 2.5  # between two runs of a lane
        ends[run.name] = begins[run.name] + KINDS[run.cells["freeze"]] * chance.uniform(0.9, 1.1)
        heapq.heappush(free, ends[run.name])
    whole = max(ends.values()) - NOW
    for share in (0.34, 0.5, 0.66, 0.8):
        now = NOW + share * whole
        seen = [
            replace(run, state="done", seconds=ends[run.name] - begins[run.name], ended=ends[run.name])
            if ends[run.name] <= now
            else replace(run, state="running", seconds=now - begins[run.name])
            if begins[run.name] <= now
            else run
            for run in runs
        ]
        left = seconds_left(seen, {}, NOW - 60, now)
        assert left == pytest.approx((1 - share) * whole, rel=0.25), f"at {share}"


def test_what_running_runs_say_of_themselves_counts_and_nothing_is_guessed():
    first = done("a", 100, encoder="small", freeze=0, lora="none")
    running = Run("b", "small", "running", seconds=20, cells=first.cells)
    assert seconds_left([running], {}, NOW - 500, NOW) is None, "no run is done"
    assert seconds_left([first], {}, NOW - 500, NOW) == 0.0
    assert seconds_left([running], {"b": 33.0}, NOW - 500, NOW) == 33.0
    assert seconds_left([first, replace(running, state="failed")], {}, NOW - 500, NOW) == 0.0, "no start trains it"


def test_a_run_in_a_pack_has_not_been_at_work_since_its_job_began():
    """Fault: the last member of a pack of an hour is over before it began."""
    job = Job(7, "RUNNING", "", "")
    members = [
        replace(done(name, 100, ended, encoder="small"), job=job) for name, ended in (("a", NOW - 110), ("b", NOW - 10))
    ]
    last = Run("c", "small", "running", job=job, seconds=210, cells={"encoder": "small"})
    assert seconds_left([*members, last], {}, NOW - 500, NOW) == pytest.approx(90)


class Terminal(io.StringIO):
    """A terminal that shows what is written to it."""

    def isatty(self) -> bool:
        return True

    def screen(self) -> list[str]:
        lines: list[str] = []
        for back, text in re.findall(r"(?:\x1b\[(\d+)F\x1b\[J)?([^\x1b]*)", self.getvalue()):
            lines = lines[: len(lines) - int(back)] if back else lines
            lines += text.splitlines()
        return lines


@pytest.fixture
def states(tmp_path):
    """What is seen of a study of three runs, look by look; its start ends with the last."""
    log = tmp_path / "train.log"
    log.write_text("12:00:00  epoch 1/3  loss 0.5000  validation loss 0.6  validation macro-F1 0.4000  0:01:40 left\n")
    cells = {"encoder": "small", "freeze": "0", "lora": "none"}
    waiting = [Run(name, "small", "waiting", cells=cells) for name in ("a", "b", "c")]
    at_work = [replace(run, state="running", seconds=5.0, log=log) for run in waiting]
    now = time.time()
    finished = [
        replace(run, state="done", seconds=50.0, ended=now, score=0.4 + place / 10) for place, run in enumerate(waiting)
    ]
    seen = [
        [at_work[0], at_work[1], waiting[2]],
        [at_work[0], at_work[1], waiting[2]],
        [finished[0], at_work[1], at_work[2]],
        [finished[0], finished[1], replace(at_work[2], state="failed")],
    ]
    starts = [Start("started by me", now - 100, True)] * 3 + [Start("started by me", now - 100, False)]
    return iter([[Experiment(tmp_path, runs, start, {}, [])] for runs, start in zip(seen, starts, strict=True)])


def test_on_a_terminal_the_lines_stand_still(states):
    terminal, screens = Terminal(), []

    def pause(seconds: float) -> None:
        screens.append(terminal.screen())

    watch("tiny", lambda: next(states), terminal, pause)
    assert len(screens) == 3 and all(len(screen) == 3 for screen in screens)
    assert screens[0][0] == "tiny: 0 of 3 runs done, 2 running, 1 waiting, time left not known yet"
    assert re.fullmatch(r"  a  epoch 1/3  loss 0\.5000  0:01:(40|39|38) left", screens[0][1])
    assert re.match(
        r"tiny: 1 of 3 runs done, 2 running, 0:\d\d:\d\d left, best validation macro-F1 0\.400", screens[2][0]
    )
    assert terminal.screen() == ["tiny: 2 of 3 runs done, 1 failed, best validation macro-F1 0.500"]


def test_lines_are_no_longer_and_no_more_than_the_terminal_has_room_for(states, monkeypatch):
    """Fault: a wrapped line is two on the screen, and the cursor no longer finds the first one."""
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("LINES", "4")
    terminal, screens = Terminal(), []
    watch("tiny", lambda: next(states), terminal, lambda seconds: screens.append(terminal.screen()))
    assert all(len(line) < 20 for screen in screens for line in screen)
    assert screens[0] == ["tiny: 0 of 3 runs d", "  and 2 more"]


def test_a_file_gets_plain_lines_where_something_changed(states):
    file = io.StringIO()
    watch("tiny", lambda: next(states), file, lambda seconds: None)
    lines = file.getvalue().splitlines()
    assert "\x1b" not in file.getvalue()
    assert [re.sub(r"^\d\d:\d\d:\d\d  (.*? runs done).*", r"\1", line) for line in lines] == [
        "tiny: 0 of 3 runs done",
        "tiny: 1 of 3 runs done",
        "tiny: 2 of 3 runs done",
    ]


def test_a_finished_run_tells_its_end_and_its_score(grid):
    facts = {"total_seconds": 61.2, "finished": "2026-01-01T01:00:00+0100", "validation_macro_f1_at_0.5": 0.5}
    grid.run("finished", results=facts)
    grid.run("older", results={"total_seconds": 5})
    finished, older = experiment_status(grid.home, grid.checkout).runs
    assert (finished.ended, finished.score) == (1_767_225_600.0, 0.5)
    assert (older.ended, older.score) == (None, None)
    assert finished.cells == {"encoder": "one"}


def test_the_program_watches_until_nobody_is_at_work(grid, capsys):
    from scripts import status

    grid.run("finished", results={"total_seconds": 5})
    grid.run("not-begun")
    guard = Guard(grid.home, "tiny")
    guard._file.close()
    run_program(status, "--results", grid.home, "--watch")
    assert capsys.readouterr().out.endswith("  tiny: 1 of 2 runs done, 1 waiting\n")
