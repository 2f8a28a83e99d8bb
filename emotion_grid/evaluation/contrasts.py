"""Contrasts of runs: differences between settings with their standard errors, p values and Holm's correction.

A difference is a contrast: weights of runs that sum to zero. Its standard error comes from whatever repeats.

Without folds, runs of a setting repeat each other with another seed, on the same texts. The variance has two parts. What other texts would
change comes from a bootstrap (Efron 1979) in which all runs are scored on the same resamples, less the part of it by which runs of one
setting differ: the spread of these runs on the texts at hand holds that part already. What other seeds would change comes from the
variance of the runs of each setting, or from that of all settings pooled where this is larger. A noisier setting thus keeps its own
variance, and a small variance of two or three runs is not believed. Degrees of freedom are those of Satterthwaite (1946); the second
part has those of the pooled variance.

With folds, a setting's mean in a fold is one observation, since its seeds share the fold's luck. Two settings are compared fold by fold.
The variance of these differences, or the pooled one where it is larger, is multiplied by 1/J + 1/(J - 1) for J folds instead of 1/J: the
folds share most of their training rows (Nadeau and Bengio, Inference for the generalization error, Machine Learning 52, 2003).

Without repetitions, or with so few that the approximation fails, nothing is tested. `emotion_grid/evaluation/verdict_check.py` simulates
how often the verdicts are right.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from emotion_grid.evaluation.foresight import FEWEST_FREEDOM
from emotion_grid.evaluation.power import detectable
from emotion_grid.evaluation.results import VaryingAxis

HIGHER, LOWER, SAME = "higher", "lower", "no evidence of a difference"
"""What is said of a difference: of its first side against its second."""

UNTESTED = "not tested"
"""What is said of it where repetitions are missing."""

ROUNDING = 1e-9
"""An error below this is that of equal predictions, whose sums differ in their last digits."""


@dataclass(frozen=True)
class Scored:
    """The rows of summary.csv that have the judge's split, and their macro-F1.

    Attributes:
        rows: the rows with `kind`, `setting` and `fold`, numbered from 0; settings have the numbers from 0.
        scores: (rows, 1 + resamples); the first column is the score on the texts as they are.
        texts: how many texts they are scored on, all folds together.
    """

    rows: pd.DataFrame
    scores: np.ndarray
    texts: int

    @cached_property
    def members(self) -> np.ndarray:
        """Which rows belong to each setting: (rows, settings) of 0 and 1."""
        return _indicators(self.rows["setting"].to_numpy())

    @cached_property
    def folds(self) -> np.ndarray:
        """Which rows belong to each fold: (rows, folds) of 0 and 1; one column without folds."""
        return _indicators(np.unique(self.rows["fold"].fillna("").to_numpy(str), return_inverse=True)[1])

    @cached_property
    def varies(self) -> np.ndarray:
        """Which settings depend on a seed, (settings,): runs do, baselines and other predictions do not."""
        return self.members.T @ (self.rows["kind"] == "run").to_numpy(dtype=float) > 0

    @cached_property
    def is_repeated(self) -> np.ndarray:
        """Which rows belong to a setting that has several runs, be it of several seeds or of several folds: (rows,)."""
        return self.members @ self.members.sum(0) > 1


@dataclass(frozen=True)
class Errors:
    """Variances of the differences that contrasts measure, each (contrasts,).

    Attributes:
        texts: the part of the texts; NaN with folds, whose spread holds it.
        repeats: the part of seeds or folds.
        freedom: degrees of freedom of the sum.
        tested: whether there are enough repetitions; where not, the rest means nothing.
    """

    texts: np.ndarray
    repeats: np.ndarray
    freedom: np.ndarray
    tested: np.ndarray

    @property
    def error(self) -> np.ndarray:
        """Standard error."""
        return np.sqrt(np.nan_to_num(self.texts) + self.repeats)


def _indicators(codes: np.ndarray) -> np.ndarray:
    return (codes[:, None] == np.arange(codes.max() + 1)).astype(float)


def group_numbers(rows: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """A number for each row, (rows,): equal where all the columns are equal."""
    return rows.groupby(columns, dropna=False, sort=False).ngroup().to_numpy()


def contrast(rows: pd.DataFrame, first: np.ndarray, second: np.ndarray) -> np.ndarray | None:
    """Weights (rows,) of the mean of `first` minus the mean of `second` (bool masks), fold by fold; None without a common fold."""
    folds = [fold for fold in rows["fold"].unique() if (first & (rows["fold"] == fold)).any()]
    folds = [fold for fold in folds if (second & (rows["fold"] == fold)).any()]
    if not folds:
        return None
    weights = np.zeros(len(rows))
    for fold in folds:
        for sign, mask in ((1, first), (-1, second)):
            chosen = mask & (rows["fold"] == fold).to_numpy()
            weights[chosen] += sign / len(folds) / chosen.sum()
    return weights


def errors_of(scored: Scored, weights: np.ndarray) -> Errors:
    """The variances of contrasts, (contrasts, rows)."""
    return _from_seeds(scored, weights) if scored.folds.shape[1] == 1 else _from_folds(scored, weights)


def spread_of_runs(scored: Scored) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How much the runs of each setting differ, each (settings,): 0 where nothing repeats.

    Returns:
        Their variance on the texts at hand; what of it the texts explain, by the bootstrap; degrees of freedom.
    """
    members, scores = scored.members, scored.scores
    runs = members.sum(0)
    freedom = np.where(scored.varies, runs - 1, 0)
    deviations = scores - members @ ((members.T @ scores) / runs[:, None])
    squares = members.T @ np.column_stack([deviations[:, 0] ** 2, deviations[:, 1:].var(axis=1, ddof=1)])
    variance, of_texts = np.where(freedom > 0, squares.T / np.maximum(freedom, 1), 0.0)
    return variance, of_texts, freedom


def _from_seeds(scored: Scored, weights: np.ndarray) -> Errors:
    """Texts from the bootstrap, seeds from the runs of each setting."""
    varies = scored.varies
    own, own_texts, own_freedom = spread_of_runs(scored)
    pooled_freedom = own_freedom.sum()
    pooled = (own * own_freedom).sum() / max(pooled_freedom, 1)
    shares = weights**2 @ scored.members  # of each setting's variance in that of the contrast
    texts = (weights @ scored.scores[:, 1:]).var(axis=1, ddof=1) - shares @ own_texts
    texts, repeats = np.maximum(texts, 0.0), shares @ np.where(varies, np.maximum(own, pooled), 0.0)
    single = shares[:, varies & (own_freedom == 0)].sum(1) > 0
    doubt = repeats**2 / max(pooled_freedom, 1)
    freedom = np.divide((texts + repeats) ** 2, doubt, out=np.full(len(doubt), np.inf), where=doubt > 0)
    return Errors(texts, repeats, freedom, ~single & (pooled_freedom >= FEWEST_FREEDOM))


def _from_folds(scored: Scored, weights: np.ndarray) -> Errors:
    """From the differences in each fold: they differ by texts, seeds and the luck of the fold."""
    folds, members = scored.folds, scored.members
    by_fold = (weights * scored.scores[:, 0]) @ folds
    is_used = (weights != 0) @ folds > 0
    common = is_used.sum(1)
    centred = np.where(is_used, by_fold * common[:, None] - by_fold.sum(1, keepdims=True), 0.0)
    own_freedom = np.maximum(common - 1, 1)
    own = (centred**2).sum(1) / own_freedom
    residual, pooled_freedom = spread_over_folds(scored)
    pooled = ((weights @ members) ** 2).sum(1) * residual
    factor = 1 / common + part_of_shared_rows(folds.shape[1])
    freedom = np.where(pooled > own, pooled_freedom, own_freedom).astype(float)
    repeats = np.maximum(own, pooled) * factor
    return Errors(np.full(len(weights), np.nan), repeats, freedom, common > 1)


def part_of_shared_rows(folds: int) -> float:
    """What Nadeau and Bengio (2003) add to 1/J: the rows of a fold over those that its runs are trained on."""
    return 1 / (folds - 1)


def spread_over_folds(scored: Scored) -> tuple[float, int]:
    """Variance of the settings' means in folds, effects of settings and of folds removed, and its degrees of freedom."""
    members, folds = scored.members[:, scored.varies], scored.folds
    runs = members.T @ folds
    cells = np.divide(members.T @ (folds * scored.scores[:, :1]), runs, out=np.full(runs.shape, np.nan), where=runs > 0)
    rest = cells - np.nanmean(cells, axis=1, keepdims=True)
    rest -= np.nanmean(rest, axis=0)
    freedom = int((runs > 0).sum()) - members.shape[1] - (folds.shape[1] - 1)
    return (float(np.nansum(rest**2) / freedom), freedom) if freedom > 0 else (0.0, 0)


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down correction (1979): the smallest family-wise error rate at which each comparison is significant."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1)
    return corrected


def judge_family(scored: Scored, contrasts: list[np.ndarray], confidence: float) -> list[dict]:
    """What `verdicts` says of a family of contrasts, each (rows,)."""
    if not contrasts:
        return []
    weights = np.array(contrasts)
    return verdicts(weights @ scored.scores[:, 0], errors_of(scored, weights), confidence)


def verdicts(differences: np.ndarray, errors: Errors, confidence: float) -> list[dict]:
    """What a family of differences says.

    Returns:
        For each `difference`, `low` and `high` (for this comparison alone), `error`, `error_texts`, `error_repeats`, `freedom`,
        `detectable` (the difference that would probably be found), `p`, `p_corrected` for the number of tests in the family, and
        `verdict`. What is not tested has NaN in the place of all but the difference.
    """
    from scipy.special import stdtr, stdtrit  # of scipy.stats, the import alone takes a second

    error, freedom = errors.error, errors.freedom
    margin = stdtrit(freedom, (1 + confidence) / 2) * error
    p = np.where(error > ROUNDING, 2 * stdtr(freedom, -np.abs(differences) / np.maximum(error, ROUNDING)), 1.0)
    corrected = np.full(len(p), np.nan)
    corrected[errors.tested] = holm(p[errors.tested])
    columns = {
        "low": differences - margin,
        "high": differences + margin,
        "error": error,
        "error_texts": np.sqrt(errors.texts),
        "error_repeats": np.sqrt(errors.repeats),
        "freedom": freedom,
        "detectable": detectable(error, freedom, (1 - confidence) / max(int(errors.tested.sum()), 1)),
        "p": p,
        "p_corrected": corrected,
    }
    known = np.where(errors.tested, np.array(list(columns.values())), np.nan)
    rows = [dict(zip(columns, map(float, values), strict=True)) for values in known.T]
    return [
        {"difference": float(difference), **row, "verdict": _verdict(difference, row["p_corrected"], 1 - confidence)}
        for difference, row in zip(differences, rows, strict=True)
    ]


def _verdict(difference: float, p: float, alpha: float) -> str:
    if math.isnan(p):
        return UNTESTED
    return SAME if p > alpha else HIGHER if difference > 0 else LOWER


def contrasts_with(rows: pd.DataFrame, setting: int) -> dict[int, np.ndarray]:
    """The contrast of a setting with each other row's setting that has a fold in common with it, by the other's number."""
    own = (rows["setting"] == setting).to_numpy()
    others = [other for other in rows["setting"].unique() if other != setting]
    found = {int(other): contrast(rows, own, (rows["setting"] == other).to_numpy()) for other in others}
    return {other: weights for other, weights in found.items() if weights is not None}


def matched_contrast(
    rows: pd.DataFrame, axis: VaryingAxis, first: str, second: str, others: list[str], usable: np.ndarray
) -> tuple[np.ndarray | None, int, list[str]]:
    """Two levels of an axis compared within blocks of runs that are equal in the other axes; each block has the same weight.

    Args:
        rows: the rows of a study.
        axis: what is compared.
        first, second: its levels.
        others: the columns of the other axes.
        usable: the rows that may be used, (rows,).

    Returns:
        The weights (rows,), None if there is no block; the number of blocks; and the columns without a value that occurs at both levels
        (such as a head's size for two kinds of heads), which therefore cannot be held the same.
    """
    runs = (rows["kind"] == "run") & usable
    one, two = (runs & (rows[axis.column] == level) for level in (first, second))
    free = [name for name in others if not set(rows.loc[one, name]) & set(rows.loc[two, name])]
    held = [name for name in others if name not in free]
    block = group_numbers(rows, held) if held else np.zeros(len(rows), dtype=int)
    common = sorted(set(block[one]) & set(block[two]))
    weighted = [contrast(rows, (one & (block == key)).to_numpy(), (two & (block == key)).to_numpy()) for key in common]
    found = [weights for weights in weighted if weights is not None]
    return (np.mean(found, axis=0) if found else None), len(found), free
