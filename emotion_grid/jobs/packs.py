"""Runs that share a job."""

from typing import Any

from emotion_grid.jobs.needs import training_seconds


def pack_runs(specs: dict[str, dict[str, Any]], train_bytes: int, site: dict[str, Any]) -> list[list[str]]:
    """Runs that share a job, by name and in order: at most `pack` of them, as many as its longest time is sure to hold.

    Args:
        specs: the runs' specs by name.
    """
    packs: list[list[str]] = []
    left = 0.0
    for name, spec in specs.items():
        seconds = training_seconds(spec, train_bytes, site)
        if not packs or len(packs[-1]) == site["pack"] or seconds > left:
            packs.append([])
            left = site["runtime"] * 60
        packs[-1].append(name)
        left -= seconds
    return packs
