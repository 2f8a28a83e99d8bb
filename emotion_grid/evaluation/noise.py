"""The noise that a finished study shows, by which another one can be planned."""

import numpy as np

from emotion_grid.evaluation.contrasts import Scored, contrasts_with, errors_of, spread_of_runs, spread_over_folds
from emotion_grid.evaluation.foresight import FoldNoise, Noise


def noise_of(scored: Scored, setting: int) -> Noise | FoldNoise | None:
    """Why the scores of a study differ; None where nothing repeats that would show it.

    Args:
        setting: the one that others are compared with, such as the best.
    """
    if scored.folds.shape[1] > 1:
        residual, freedom = spread_over_folds(scored)
        return FoldNoise(float(np.sqrt(2 * residual))) if freedom > 0 else None
    others = {other: weights for other, weights in contrasts_with(scored.rows, setting).items() if scored.varies[other]}
    errors = errors_of(scored, np.array(list(others.values()))) if others else None
    if errors is None or not errors.tested.any():
        return None
    of_runs, of_texts, repeated = spread_of_runs(scored)
    variance, own = (float(values @ repeated / repeated.sum()) for values in (of_runs, of_texts))
    return Noise(
        seeds=float(np.sqrt(max(variance - own, 0.0))),
        own=float(np.sqrt(own * scored.texts)),
        texts=float(np.sqrt(errors.texts[errors.tested].mean() * scored.texts)),
    )
