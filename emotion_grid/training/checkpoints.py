"""Checkpoints of a run that is still training: when one is due, and where the latest lies.

A checkpoint is a folder named by its step that appears whole; whoever starts the run's spec again continues from the latest. Imports
nothing but the standard library.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import file_digest
from emotion_grid.base.files import read_json, whole_folder, write_json
from emotion_grid.base.messages import log

SECONDS_BETWEEN_CHECKPOINTS = 300
"""Between two checkpoints: what a kill costs at most."""

FOLDER, PROGRESS, DIGESTS = "checkpoint", "progress.json", "digests.json"


class Checkpoints:
    """Says when a checkpoint is due: every `SECONDS_BETWEEN`, and a last one when a signal tells the process to end.

    Ctrl-C and a run started by hand under Slurm get that last one. Under Snakemake on Slurm, the signal before a kill reaches Snakemake
    alone: there the one of some minutes ago counts.

    Args:
        home: where they lie while the run trains.
        conditions: what a start must share with the one that it continues, beside the spec: precision, features.

    Attributes:
        starts: how often the run was started.
    """

    def __init__(self, home: Path, conditions: dict):
        self.home, self.conditions, self.starts = home, conditions, 1
        self._signal: int | None = None
        self._saved = time.monotonic()

    def latest(self) -> Path | None:
        """The checkpoint with the most steps, or None; one made under other conditions is not continued."""
        steps = [entry for entry in self.home.glob("*") if entry.name.isdecimal()]
        if not steps:
            return None
        found = max(steps, key=lambda entry: int(entry.name))
        before = read_json(found / PROGRESS)["conditions"]
        if before != self.conditions:
            log(
                f"starting from the first epoch: the checkpoint of step {found.name} was made in other conditions ({_words(before)}; now: {_words(self.conditions)})"
            )
            return None
        return found

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Note SIGTERM and SIGINT while the block runs; Slurm may send one more than once."""
        before = {number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, frame: Any) -> None:
        self._signal = number

    @property
    def due(self) -> bool:
        """Whether a checkpoint should be written after this step."""
        return self._signal is not None or time.monotonic() - self._saved >= SECONDS_BETWEEN_CHECKPOINTS

    def write(self, step: int, fill: Callable[[Path], None], progress: dict) -> None:
        """Write a checkpoint that appears whole, then remove older ones.

        Args:
            fill: writes the files into the folder that it is given.
            progress: what progress.json holds besides.
        """
        with whole_folder(self.home / str(step)) as partial:
            fill(partial)
            write_json(partial / PROGRESS, {**progress, "conditions": self.conditions, "starts": self.starts})
            write_json(partial / DIGESTS, {path.name: file_digest(path) for path in partial.iterdir()})
            for path in partial.iterdir():  # on the disk, not only on its way: a lost node must not leave it short
                with path.open("rb") as file:
                    os.fsync(file.fileno())
        for older in self.home.iterdir():
            if older.name != str(step):
                _remove(older)
        self._saved = time.monotonic()

    def read(self, folder: Path) -> dict:
        """What a checkpoint's progress.json holds; the run counts as started once more."""
        progress = read_json(folder / PROGRESS)
        self.starts = progress["starts"] + 1
        log(f"continuing from the checkpoint of step {folder.name}")
        return progress

    def end_if_told(self, step: int) -> None:
        """End the process after its last checkpoint if a signal asked for it."""
        if self._signal is not None:
            name = signal.Signals(self._signal).name
            log(f"stopped by {name} at step {step}; the next start continues from the last checkpoint")
            raise SystemExit(128 + self._signal)

    def discard(self) -> None:
        """Remove a run's checkpoints."""
        if self.home.is_dir():
            _remove(self.home)


def _words(conditions: dict) -> str:
    """Conditions of a checkpoint as people read them."""
    return ", ".join(f"{name} {value}" for name, value in conditions.items())


def _remove(folder: Path) -> None:
    """Remove a folder: out of sight at once, so that a kill leaves no half of it, then for good; what a file system holds back does no harm."""
    hidden = folder.with_name(f".{folder.name.lstrip('.')}")
    if hidden != folder:
        shutil.rmtree(hidden, ignore_errors=True)
        folder.rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)
