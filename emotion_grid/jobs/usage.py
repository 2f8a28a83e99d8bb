"""Time and memory that jobs asked for and used, by Slurm's accounting."""

import math
from collections.abc import Iterable

from emotion_grid.base.numbers import clock, megabytes
from emotion_grid.jobs.slurm import Job
from emotion_grid.jobs.status import SITE, Experiment, text_table


def efficiency(experiment: Experiment) -> str:
    """Time and memory that ended jobs asked for and used, by encoder, and what would do next time; empty without such jobs."""
    jobs: dict[int, tuple[Job, set[str]]] = {}
    for run in experiment.runs:
        if run.state in ("done", "failed") and run.job and run.job.state != "RUNNING" and run.job.asked_seconds:
            jobs.setdefault(run.job.number, (run.job, set()))[1].add(run.encoder)
    groups: dict[str, list[Job]] = {}
    for job, encoders in jobs.values():
        groups.setdefault(" + ".join(sorted(encoders)), []).append(job)
    if not groups:
        return ""
    rows, needs = [("encoder", "jobs", "time requested", "longest", "memory requested", "peak memory", "suggested")], []
    for name, group in sorted(groups.items()):
        need = _suggested_limits(group)
        needs.append(need)
        rows.append(
            (
                name,
                str(len(group)),
                clock(_maximum(job.asked_seconds for job in group)),
                clock(_maximum(job.seconds for job in group)),
                megabytes(_maximum(job.asked_mb for job in group)),
                megabytes(_maximum(job.mb for job in group)),
                f"{need[0]} min, {megabytes(need[1])}",
            )
        )
    memory = _maximum(need[1] for need in needs)
    shared = sum(run.job is not None and run.job.number in jobs for run in experiment.runs) > len(jobs)
    bounds = [] if shared else [f"runtime: {max(need[0] for need in needs)}"]  # less time would make packs smaller
    bounds += [f"mem_mb: {memory}"] if memory else []
    advice = f"\nNext time, for such runs, in {SITE}: {', '.join(bounds)}" if bounds else ""
    return f"Requested and used (Slurm's accounting):\n{text_table(rows)}{advice}"


def _suggested_limits(jobs: list[Job]) -> tuple[int, int | None]:
    """Minutes and megabytes that would do for such jobs: half as much time again and a fifth more memory than the greediest used.

    Where one ran out, twice what it had.
    """
    seconds = max((job.seconds or 0) * (2 if job.state == "TIMEOUT" else 1.5) for job in jobs)
    memory = _maximum(job.mb * (2 if job.state == "OUT_OF_MEMORY" else 1.2) for job in jobs if job.mb)
    return math.ceil(seconds / 300) * 5, math.ceil(memory / 100) * 100 if memory else None


def _maximum(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
