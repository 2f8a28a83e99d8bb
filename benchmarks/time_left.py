"""How right the time left of `make status WATCH=1` was in a finished study, at several moments of it.

    python -m benchmarks.time_left --results results/demo

Goes through the study again by what its runs recorded, when they ended and how long they took, and prints what would have been said at each
moment beside what was true. Runs at work are taken to say nothing themselves, so that the table shows the estimate from finished runs alone.
For a study that was trained in one start, without a break.
"""

import sys
from dataclasses import replace
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.messages import InputError
from emotion_grid.base.numbers import clock
from emotion_grid.jobs.status import Run, experiment_status
from emotion_grid.jobs.time_left import seconds_left

MOMENTS = (1 / 3, 0.5, 2 / 3, 0.8, 0.9)
"""Shares of the study's time."""


def seen_at(run: Run, now: float) -> Run:
    """A finished run as it was at a moment."""
    ended, begun = run.ended or 0.0, (run.ended or 0.0) - (run.seconds or 0.0)
    if ended <= now:
        return run
    state, seconds = ("running", now - begun) if begun <= now else ("waiting", None)
    return replace(run, state=state, seconds=seconds, ended=None, job=None)


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of the study's results")
    home = parser.parse_args().results
    runs = experiment_status(home, Path.cwd()).runs
    if any(run.ended is None or run.seconds is None for run in runs):
        raise InputError(f"{home}: expected a finished study, found runs that are not done")
    began = min((run.ended or 0) - (run.seconds or 0) for run in runs)
    end = max(run.ended or 0 for run in runs)
    print(f"{len(runs)} runs in {clock(end - began)}\n")
    print("| share of the time | runs done | predicted | true | ratio |\n|---:|---:|---:|---:|---:|")
    for share in MOMENTS:
        now = began + share * (end - began)
        seen = [seen_at(run, now) for run in runs]
        done, true = sum(run.state == "done" for run in seen), end - now
        predicted = seconds_left(seen, {}, began - 1, now)
        ratio = "-" if predicted is None else f"{predicted / true:.2f}"
        print(f"| {share:.2f} | {done} | {clock(predicted)} | {clock(true)} | {ratio} |")


if __name__ == "__main__":
    sys.exit(run_program(main))
