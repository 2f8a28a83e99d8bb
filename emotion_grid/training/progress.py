"""Progress of a training: lines in the log, rows of history.csv, and the best epoch."""

import time
from collections.abc import Iterable

import torch
from torch import nn

from emotion_grid.base.messages import log
from emotion_grid.base.numbers import clock


def copies(parameters: Iterable[tuple[str, nn.Parameter]]) -> dict[str, torch.Tensor]:
    """Copies of the weights that train, on the CPU, by name."""
    return {name: tensor.detach().cpu().clone() for name, tensor in parameters if tensor.requires_grad}


class Best:
    """The epoch with the best validation macro-F1, the first among equals, and its weights."""

    def __init__(self, patience: int | None):
        self.patience, self.score, self.epoch = patience, -1.0, 0
        self.weights: dict[str, torch.Tensor] = {}

    def offer(self, epoch: int, score: float, parameters: Iterable[tuple[str, nn.Parameter]]) -> bool:
        """Keep an epoch's weights if it is better; whether the training is over, since the best is `patience` epochs old."""
        if score > self.score:
            self.score, self.epoch, self.weights = score, epoch, copies(parameters)
        elif self.patience and epoch - self.epoch >= self.patience:
            log(f"no better validation macro-F1 for {self.patience} epochs: stopping")
            return True
        return False

    def state(self) -> dict:
        """What a later start goes on from, beside the weights."""
        return {"score": self.score, "epoch": self.epoch}

    def restore(self, state: dict, weights: dict[str, torch.Tensor]) -> None:
        """Go on from the `state` and the weights of an earlier start."""
        self.score, self.epoch = state["score"], state["epoch"]
        # Copies: a mapped file could not be removed from a network file system while the process lives.
        self.weights = {name: tensor.clone() for name, tensor in weights.items()}


class Progress:
    """Lines in the run's log (epoch, step, loss, score, time left), and the rows of history.csv."""

    SECONDS_BETWEEN = 20

    def __init__(self, epochs: int, steps: int):
        self.epochs, self.steps = epochs, steps
        self.history: list[dict] = []
        self._loss: float | torch.Tensor = 0.0
        self._count, self._before = 0, 0.0
        self.begin()

    def begin(self) -> None:
        """Let the training begin now."""
        self._start = self._spoken = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds of training, those of earlier starts included."""
        return self._before + time.monotonic() - self._start

    def state(self) -> dict:
        """What a later start goes on from."""
        return {"history": self.history, "loss": float(self._loss), "steps": self._count, "seconds": self.seconds}

    def restore(self, state: dict) -> None:
        """Go on from the `state` of an earlier start."""
        self.history, self._loss, self._count = state["history"], state["loss"], state["steps"]
        self._before = state["seconds"]

    def add(self, loss: torch.Tensor) -> None:
        """Count a step's loss towards the epoch's mean."""
        self._loss, self._count = self._loss + loss, self._count + 1

    def tell_step(self, step: int) -> None:
        """Say now and then how far the training is; `step` are done."""
        now, total = time.monotonic(), self.epochs * self.steps
        if now - self._spoken > self.SECONDS_BETWEEN and step < total:
            self._spoken = now
            log(f"epoch {(step - 1) // self.steps + 1}/{self.epochs}  step {step}/{total}  {self._left(step)} left")

    def tell_epoch(self, epoch: int, validation_loss: float, score: float) -> None:
        """Note and say how an epoch ended."""
        step, loss = epoch * self.steps, float(self._loss) / self._count
        self._loss, self._count = 0.0, 0
        self.history.append(
            {
                "epoch": epoch,
                "step": step,
                "train_loss": loss,
                "validation_loss": validation_loss,
                "validation_macro_f1": score,
                "seconds": round(self.seconds, 1),
            }
        )
        log(
            f"epoch {epoch}/{self.epochs}  loss {loss:.4f}  validation loss {validation_loss:.4f}  "
            f"validation macro-F1 {score:.4f}  {self._left(step)} left"
        )

    def _left(self, step: int) -> str:
        return clock(self.seconds / step * (self.epochs * self.steps - step))
