"""A study while it runs: a line that stands still, and one below it for each run at work; in a file, a line whenever something changes."""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TextIO

from emotion_grid.base.numbers import clock
from emotion_grid.jobs.progress import Progress, read_progress
from emotion_grid.jobs.status import Experiment, Run
from emotion_grid.jobs.time_left import UNFINISHED, seconds_left

SECONDS, SECONDS_WITH_JOBS = 5, 60
"""Between two looks: at files alone, and where Slurm is asked, which many people share."""

OTHERS = ("running", "queued", "waiting", "failed", "damaged")
"""The states of runs that are not done, in the order of the line."""

BACK = "\x1b[{}F\x1b[J"
"""What moves a terminal's cursor up some lines and clears what is below."""


def watch(name: str, look: Callable[[], list[Experiment]], stream: TextIO, pause: Callable[[float], None]) -> None:
    """Show a study until no start is at work on it any more, or none of its runs is left to do.

    Args:
        name: of the study.
        look: what became of the runs of each part of the study.
        stream: a terminal, on which the lines stand still, or a file.
        pause: waits for some seconds.
    """
    shown, before = 0, ""
    while True:
        parts = look()
        runs, now = [run for part in parts for run in part.runs], time.time()
        progress = {run.name: read_progress(run.log, now) for run in runs if run.state == "running"}
        first = f"{counted(name, runs)}{_time_left(parts, runs, progress, now)}{_best(runs)}"
        if stream.isatty():
            lines = _fitting([first, *_at_work(runs, progress)])
            stream.write((BACK.format(shown) if shown else "") + "".join(f"{line}\n" for line in lines))
            shown = len(lines)
        elif (said := counted(name, runs) + _best(runs)) != before:
            stream.write(f"{time.strftime('%H:%M:%S')}  {first}\n")
            before = said
        stream.flush()
        is_at_work = any(part.start is None or part.start.at_work is not False for part in parts)
        if not is_at_work or not any(run.state in UNFINISHED for run in runs):
            return
        pause(SECONDS_WITH_JOBS if any(part.has_jobs for part in parts) else SECONDS)


def counted(name: str, runs: Sequence[Run]) -> str:
    """How many runs are done, and how many are in each other state."""
    states = Counter(run.state for run in runs)
    others = [f"{states[state]} {state}" for state in OTHERS if states[state]]
    return ", ".join([f"{name}: {states['done']} of {len(runs)} runs done", *others])


def _time_left(parts: Sequence[Experiment], runs: Sequence[Run], progress: dict[str, Progress], now: float) -> str:
    """The time that the whole grid still takes, in words; nothing if no start is at work on it."""
    starts = [part.start for part in parts if part.start and part.start.at_work is not False]
    if not starts:
        return ""
    left = {name: one.left for name, one in progress.items() if one.left is not None}
    seconds = seconds_left(runs, left, starts[0].since, now)
    return ", time left not known yet" if seconds is None else f", {clock(seconds)} left"


def _best(runs: Sequence[Run]) -> str:
    scores = [run.score for run in runs if run.score is not None]
    return f", best validation macro-F1 {max(scores):.3f}" if scores else ""


def _at_work(runs: Sequence[Run], progress: dict[str, Progress]) -> list[str]:
    """A line for each run at work."""
    lines = []
    for run in runs:
        if run.state == "running":
            one = progress[run.name]
            parts = [f"epoch {one.epoch}" if one.epoch else "", f"loss {one.loss}" if one.loss else ""]
            parts.append(f"{clock(one.left)} left" if one.left is not None else clock(run.seconds))
            lines.append("  ".join(["", run.name, *(part for part in parts if part)]))
    return lines


def _fitting(lines: list[str]) -> list[str]:
    """As many lines as a terminal has room for, each cut at its width: only so the cursor finds back to the first."""
    width, height = shutil.get_terminal_size()
    if len(lines) > height - 2:
        rest = len(lines) - (height - 3)
        lines = [*lines[: height - 3], f"  and {rest} more"]
    return [line[: width - 1] for line in lines]
