"""How long a grid still takes, from the runs that are done.

An unfinished run takes as long as finished ones of its kind did on average: of its setting or, before one is done, of its encoder with as
many frozen layers and the same adapters, of its encoder, of all. The waiting ones are dealt out, one after another, to the places that runs at
work leave. How many places there are, and what a start spends between runs, is told by its speed so far: seconds of runs in each second
since its first run began.
"""

import heapq
import math
from collections.abc import Callable, Hashable, Sequence
from statistics import fmean

from emotion_grid.jobs.status import Run

UNFINISHED = ("running", "queued", "waiting")


def _setting(run: Run) -> Hashable:
    return tuple(sorted((name, str(value)) for name, value in run.cells.items()))


KINDS: tuple[Callable[[Run], Hashable], ...] = (
    _setting,
    lambda run: (run.encoder, str(run.cells.get("freeze")), str(run.cells.get("lora"))),
    lambda run: run.encoder,
    lambda run: (),
)
"""What makes runs alike, the closest likeness first."""


def expected_seconds(run: Run, done: Sequence[Run]) -> float | None:
    """How long a run takes as a whole, by the finished ones that are most like it; None if none is finished."""
    for kind in KINDS:
        if alike := [other.seconds for other in done if other.seconds is not None and kind(other) == kind(run)]:
            return fmean(alike)
    return None


def seconds_left(runs: Sequence[Run], left: dict[str, float], since: float, now: float) -> float | None:
    """How long a grid still takes; None if that is not known yet, 0 if nothing is left.

    Args:
        runs: all runs of the grid.
        left: what running ones say themselves, by their names.
        since: when the start that is at work began, in seconds since 1970.
        now: seconds since 1970.
    """
    done = [run for run in runs if run.state == "done" and run.seconds is not None]
    unfinished = [run for run in runs if run.state in UNFINISHED]
    work = {run.name: _work_left(run, done, left, now) for run in unfinished}
    if None in work.values():
        return None
    at_work, waiting = (
        [work[run.name] or 0.0 for run in unfinished if (run.state == "running") == is_running]
        for is_running in (True, False)
    )
    return _dealt_out(at_work, waiting, _speed(runs, since, now))


def _dealt_out(at_work: list[float], waiting: list[float], speed: float) -> float:
    """When the last run ends if each waiting one begins where a place is free first.

    Args:
        at_work, waiting: seconds that are left of each run.
        speed: seconds of runs in each second.
    """
    places = max(len(at_work), math.ceil(speed), 1)
    ends = [*at_work, *[0.0] * (places - len(at_work))]
    heapq.heapify(ends)
    for seconds in waiting:
        heapq.heapreplace(ends, ends[0] + seconds * places / max(speed, 1e-9))
    return max(ends)


def _work_left(run: Run, done: Sequence[Run], left: dict[str, float], now: float) -> float | None:
    """Seconds that are left of an unfinished run."""
    if run.name in left:
        return left[run.name]
    expected = expected_seconds(run, done)
    if expected is None or run.state != "running":
        return expected
    return max(0.0, expected - _at_work(run, done, now))


def _at_work(run: Run, done: Sequence[Run], now: float) -> float:
    """For how long a run has been at work: its job may have finished other runs before."""
    seconds = run.seconds or 0.0
    ends = [other.ended for other in done if run.job and other.job and other.job.number == run.job.number]
    return min([seconds, *(now - end for end in ends if end)])


def _speed(runs: Sequence[Run], since: float, now: float) -> float:
    """Seconds of runs in each second since the first run of this start began; the number of runs at work before one has finished."""
    done = [run for run in runs if run.state == "done" and run.seconds is not None and (run.ended or 0) > since]
    running = [run for run in runs if run.state == "running"]
    if not done:
        return max(1, len(running))
    began = min((run.ended or 0) - (run.seconds or 0) for run in done)
    busy = sum(run.seconds or 0 for run in done) + sum(_at_work(run, done, now) for run in running)
    return busy / max(now - began, 1e-9)
