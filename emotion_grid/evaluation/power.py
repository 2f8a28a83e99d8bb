"""What a study could have found: the difference that its runs and texts can tell, and what half of it would take."""

import math

import numpy as np

from emotion_grid.evaluation.foresight import NORMAL, POWER


def detectable(error: np.ndarray, freedom: np.ndarray, alpha: float) -> np.ndarray:
    """The true difference that a t test finds with probability `POWER`, for each standard error: by the noncentral t distribution.

    Args:
        error: standard errors of differences.
        freedom: their degrees of freedom.
        alpha: the level of one test; of m tests corrected by Holm's method, 1/m of the family's.
    """
    from scipy.special import nctdtrinc, stdtrit

    freedom = np.minimum(freedom, NORMAL)
    return nctdtrinc(freedom, 1 - POWER, stdtrit(freedom, 1 - alpha / 2)) * error


def times_more(shrinking: float, fixed: float) -> int | None:
    """How many times as much of what shrinks one part of a standard error halves the whole; None if nothing does.

    Args:
        shrinking: the part whose square shrinks in proportion (the seeds' part with seeds, the texts' with texts).
        fixed: the other part.
    """
    wanted = (shrinking**2 + fixed**2) / 4 - fixed**2
    return math.ceil(shrinking**2 / wanted - 1e-9) if wanted > 0 else None
