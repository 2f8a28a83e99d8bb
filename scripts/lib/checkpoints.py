"""Checkpoints of a run that is still training: when one is due, and where the latest lies.

A checkpoint is a folder named by its step that appears whole; whoever starts the run's spec again continues from the latest.
"""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from scripts.lib.cli import log
from scripts.lib.files import read_json

SECONDS_BETWEEN = 300
"""Between two checkpoints: what a kill costs at most."""

FOLDER, PROGRESS = "checkpoint", "progress.json"

FILES = (PROGRESS, "model.safetensors", "best.safetensors", "optimizer.pt", "scheduler.pt", "trainer_state.json")
"""What a checkpoint consists of; one that lacks a file was on its way out when its process was killed."""


def settle(folder: Path) -> None:
    """See to it that a folder's files are on the disk and not only on their way: a lost node must not leave them short."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())


def discard(folder: Path) -> None:
    """Remove a run's checkpoints: out of sight at once, then for good; what a file system holds back does no harm."""
    hidden = folder.with_name(f".{folder.name}")
    shutil.rmtree(hidden, ignore_errors=True)
    folder.rename(hidden)
    shutil.rmtree(hidden, ignore_errors=True)


class Checkpoints(TrainerCallback):
    """Asks for a checkpoint every `SECONDS_BETWEEN`, and for a last one when a signal tells the process to end.

    Ctrl-C and a run started by hand under Slurm get that last one. Under Snakemake on Slurm, the signal before a kill reaches Snakemake
    alone: there the one of some minutes ago counts.
    """

    def __init__(self, precision: str):
        self.precision, self.signal, self._saved = precision, None, time.monotonic()

    def latest(self, folder: Path) -> Path | None:
        """The checkpoint with the most steps, or None; one made in another precision (on another device) is not continued."""
        steps = [
            entry
            for entry in folder.glob("*")
            if entry.name.isdecimal() and all((entry / name).is_file() for name in FILES)
        ]
        if not steps:
            return None
        found = max(steps, key=lambda entry: int(entry.name))
        precision = read_json(found / PROGRESS)["precision"]
        if precision != self.precision:
            log(
                f"starting again: the checkpoint of step {found.name} was made in {precision}, now it is {self.precision}"
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
        self.signal = number

    def _due(self) -> bool:
        return self.signal is not None or time.monotonic() - self._saved >= SECONDS_BETWEEN

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        # An epoch's last step is saved after its evaluation, which would be skipped otherwise.
        control.should_save = self._due() and state.global_step % (state.max_steps // state.num_train_epochs) != 0

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        control.should_save = self._due()

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._saved = time.monotonic()
        if self.signal is not None:
            log(
                f"stopped by {signal.Signals(self.signal).name} at step {state.global_step}; the next start continues from the last checkpoint"
            )
            raise SystemExit(128 + self.signal)
