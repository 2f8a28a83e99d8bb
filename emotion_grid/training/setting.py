"""What every way of training starts from."""

from dataclasses import dataclass

import torch

from emotion_grid.features.index import Index, Split
from emotion_grid.training.checkpoints import Checkpoints


@dataclass(frozen=True)
class Setting:
    """What every way of training starts from.

    Attributes:
        spec: the run's spec.
        splits: train, validation and what is to be predicted.
        index: where their texts lie in the cache.
        class_weights: weight of each label's positives, (labels,), or None.
        device: where to compute.
        precision: fp32, bf16 or fp16.
        checkpoints: where a later start continues from.
    """

    spec: dict
    splits: dict[str, Split]
    index: Index
    class_weights: torch.Tensor | None
    device: torch.device
    precision: str
    checkpoints: Checkpoints
