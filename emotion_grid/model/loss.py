"""The loss that classifiers are trained with. Imports torch alone."""

import torch
from torch import nn


def known_loss(
    logits: torch.Tensor,
    gold: torch.Tensor,
    class_weights: torch.Tensor | None,
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Mean binary cross-entropy of the cells whose gold label is known; 0, without a gradient, if none is.

    Args:
        logits: (rows, labels).
        gold: 0, 1 or NaN (unknown), (rows, labels).
        class_weights: weight of each label's positives, (labels,), or None.
        weights: of each row, (rows,), or None. The cells are counted without them, so that a row counts as much whatever rows it comes with.
    """
    known = (~gold.isnan()).to(logits.dtype)
    counted = known if weights is None else known * weights.unsqueeze(1)
    # The mean over all cells times a factor, rather than a sum by a count: where all are known, the factor is 1 and changes no digit.
    loss = nn.functional.binary_cross_entropy_with_logits(
        logits, gold.nan_to_num(0.0), weight=counted, pos_weight=class_weights
    )
    return loss * (known.numel() / known.sum().clamp(min=1))
