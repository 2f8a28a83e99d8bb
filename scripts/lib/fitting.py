"""What every way of training shares: order of rows, optimiser, schedule, the epoch that is kept, progress.

Imports torch alone: training a head needs no more.
"""

import math
import time
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import nn
from torch.utils.data import Sampler

from scripts.lib.cli import log

EVALUATION_BATCH = 128
MEGABATCH = 50
"""Batches within which rows are sorted by length: enough to save padding, few enough to keep the order random."""
GRADIENT_NORM = 1.0
"""Gradients of a step are scaled down to this norm."""


class LengthGroups(Sampler[int]):
    """Random order in which neighbours have similar lengths, from a seed and the epoch alone.

    Rows are shuffled, cut into groups of `MEGABATCH` batches, sorted by length within a group, and the batches shuffled; so
    an epoch's order does not depend on what ran before it.
    """

    def __init__(self, lengths: np.ndarray, batch_size: int, seed: int):
        self.lengths, self.batch_size, self.seed, self.epoch = lengths, batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        random = np.random.default_rng([self.seed, self.epoch])
        order = random.permutation(len(self.lengths))
        group = MEGABATCH * self.batch_size
        for start in range(0, len(order), group):
            part = order[start : start + group]
            order[start : start + group] = part[np.argsort(-self.lengths[part], kind="stable")]
        full = len(order) // self.batch_size * self.batch_size
        batches = [*order[:full].reshape(-1, self.batch_size), order[full:]]
        first = batches[: full // self.batch_size]
        random.shuffle(first)
        yield from (int(row) for batch in [*first, order[full:]] for row in batch)


def clock(seconds: float) -> str:
    """Seconds as 1:02:03 or 2:03."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def positive_weights(gold: np.ndarray) -> torch.Tensor:
    """Weight of each label's positives, negatives / positives, (labels,); 1 where there is no positive."""
    positives = gold.sum(0)
    return torch.tensor(
        np.where(positives > 0, (len(gold) - positives) / np.maximum(positives, 1), 1.0), dtype=torch.float32
    )


def make_optimizer(parameters: Iterable[tuple[str, nn.Parameter]], training: dict) -> torch.optim.AdamW:
    """AdamW, with the head's own learning rate, no decay on biases and norms, fused.

    Args:
        parameters: by name; those that do not train are left out.
    """
    groups: dict[tuple[float, float], list] = {}
    for name, parameter in parameters:
        if parameter.requires_grad:
            rate = training["head_learning_rate"] if name.startswith("head.") else training["learning_rate"]
            decay = 0.0 if parameter.ndim < 2 else training["weight_decay"]
            groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": group, "lr": rate, "weight_decay": decay} for (rate, decay), group in groups.items()], fused=True
    )


def linear_schedule(optimizer: torch.optim.Optimizer, steps: int, warmup: float) -> torch.optim.lr_scheduler.LambdaLR:
    """Learning rates that rise over `warmup` steps (below 1: a share of all), then fall to zero over the rest of `steps`."""
    rising = int(warmup) if warmup >= 1 else math.ceil(steps * warmup)

    def factor(step: int) -> float:
        return step / rising if step < rising else max(0.0, (steps - step) / max(1, steps - rising))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def seed_step(seed: int, step: int) -> None:
    """Let a step's dropout depend on the run's seed and the step alone."""
    torch.manual_seed(int(np.random.SeedSequence([seed, step]).generate_state(1)[0]))


def copies(parameters: Iterable[tuple[str, nn.Parameter]]) -> dict[str, torch.Tensor]:
    """Copies of the weights that train, on the CPU, by name."""
    return {name: tensor.detach().cpu().clone() for name, tensor in parameters if tensor.requires_grad}


class Best:
    """The epoch with the best validation macro-F1, the first among equals, and its weights."""

    def __init__(self, patience: int | None):
        self.patience, self.score, self.epoch, self.weights = patience, -1.0, 0, {}

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
        self._loss, self._count, self._before = 0.0, 0, 0.0
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


def set_up(
    parameters: Iterable[tuple[str, nn.Parameter]], training: dict, rows: int
) -> tuple[torch.optim.AdamW, torch.optim.lr_scheduler.LambdaLR, Best, Progress]:
    """What a training on `rows` rows goes by: optimizer, schedule, the epoch that is kept, progress.

    Args:
        parameters: by name; those that do not train are left out.
        training: the spec's `training`.
    """
    epochs, steps = training["epochs"], -(-rows // training["batch_size"])
    optimizer = make_optimizer(parameters, training)
    schedule = linear_schedule(optimizer, epochs * steps, training["warmup_steps"])
    return optimizer, schedule, Best(training["early_stopping"]), Progress(epochs, steps)
