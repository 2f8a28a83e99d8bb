"""How far a run that trains is, by the last lines of its log (`emotion_grid/training/progress.py` writes them)."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

from emotion_grid.jobs.records import changed

EPOCH = re.compile(r"  epoch (\d+/\d+)  ")
LOSS = re.compile(r"  epoch \d+/\d+  loss (\S+)  ")
LEFT = re.compile(r"  (?:(\d+) days?, )?(\d+):(\d\d):(\d\d) left$")

END = 16_384
"""Bytes of a log that are read."""


@dataclass(frozen=True)
class Progress:
    """How far a run is; what its log does not say yet is None.

    Attributes:
        epoch: the epoch that it is in or has ended, of all: `3/10`.
        loss: mean loss of the last whole epoch.
        left: seconds of training that are left.
    """

    epoch: str | None = None
    loss: str | None = None
    left: float | None = None


def read_progress(log: Path | None, now: float | None = None) -> Progress:
    """How far a run is.

    Args:
        log: the log of its training program; None if there is none yet.
        now: seconds since 1970; the time that is left is that of the log's last line, less what has passed since.
    """
    written = changed(log) if log else None
    if log is None or written is None:
        return Progress()
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - END))
        lines = file.read().decode(errors="replace").splitlines()
    epochs, losses, lefts = (
        [found for line in lines if (found := pattern.search(line))] for pattern in (EPOCH, LOSS, LEFT)
    )
    left = None
    if lefts:
        days, hours, minutes, seconds = (int(part or 0) for part in lefts[-1].groups())
        passed = (time.time() if now is None else now) - written
        left = max(0.0, ((days * 24 + hours) * 60 + minutes) * 60 + seconds - passed)
    return Progress(epochs[-1][1] if epochs else None, losses[-1][1] if losses else None, left)
