"""Optimiser, learning-rate schedule, class weights and what a checkpoint holds, shared by every way of training. Imports torch alone."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from emotion_grid.training.progress import Best, Progress, copies

EVALUATION_BATCH = 128

GRADIENT_NORM = 1.0
"""Gradients of a step are scaled down to this norm."""


def positive_weights(gold: np.ndarray) -> torch.Tensor:
    """Weight of each label's positives, negatives / positives, (labels,); 1 where there is no positive.

    Args:
        gold: 0, 1 or NaN (unknown), (rows, labels).
    """
    positives, negatives = (gold == 1).sum(0), (gold == 0).sum(0)
    return torch.tensor(np.where(positives > 0, negatives / np.maximum(positives, 1), 1.0), dtype=torch.float32)


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


def write_state(
    folder: Path, parameters: Iterable[tuple[str, nn.Parameter]], best: Best, parts: dict[str, Any]
) -> None:
    """Write into a checkpoint what a later start trains on from.

    Args:
        parameters: by name; those that do not train are left out.
        best: the best epoch so far, whose weights are written, too.
        parts: by name what else has a `state_dict`: optimizer, schedule.
    """
    save_file(copies(parameters), folder / "model.safetensors")
    save_file(best.weights, folder / "best.safetensors")
    for name, part in parts.items():
        with (folder / f"{name}.pt").open(
            "wb"
        ) as file:  # torch hides why a file that it opens itself cannot be written
            torch.save(part.state_dict(), file)
