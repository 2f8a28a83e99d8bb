"""Contrasts of runs: differences between settings with their standard errors, p values and Holm's correction."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from emotion_grid.evaluation.results import VaryingAxis

HIGHER, LOWER, SAME = "higher", "lower", "no evidence of a difference"
"""What is said of a difference: of its first side against its second."""

ROUNDING = 1e-9
"""An error below this is that of equal predictions, whose sums differ in their last digits."""


@dataclass(frozen=True)
class Scored:
    """The rows of summary.csv that have the judge's split, and their macro-F1.

    Attributes:
        rows: the rows, numbered from 0.
        scores: (rows, 1 + resamples); the first column is the score on the texts as they are.
        repeat_variance: variance of runs within a setting, None if no setting was repeated; fold effects are removed.
        repeat_freedom: its degrees of freedom.
    """

    rows: pd.DataFrame
    scores: np.ndarray
    repeat_variance: float | None
    repeat_freedom: int

    @property
    def repeats(self) -> np.ndarray:
        """Which rows depend on a seed: runs, but not baselines and other predictions."""
        return (self.rows["kind"] == "run").to_numpy()


def group_numbers(rows: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """A number for each row, (rows,): equal where all the columns are equal."""
    return rows.groupby(columns, dropna=False, sort=False).ngroup().to_numpy()


def repeat_variance(rows: pd.DataFrame, scores: np.ndarray) -> tuple[float | None, int]:
    """Pooled variance of runs within their settings, fold effects removed, and its degrees of freedom."""
    runs = rows["kind"] == "run"
    table = rows.loc[runs, ["setting", "fold"]].assign(score=scores[runs])
    rest = table["score"] - table.groupby("setting")["score"].transform("mean")
    rest = rest - rest.groupby(table["fold"]).transform("mean") if table["fold"].nunique() > 1 else rest
    freedom = len(table) - table["setting"].nunique() - (table["fold"].nunique() - 1)
    return (float((rest**2).sum() / freedom), freedom) if freedom > 0 else (None, 0)


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


def judge(scored: Scored, weights: np.ndarray, confidence: float) -> dict:
    """The difference that a contrast measures: `difference`, `low` and `high`, `error_texts`, `error_repeats` (NaN: unknown), `p`."""
    from scipy.stats import t

    samples = weights @ scored.scores
    texts = float(samples[1:].var(ddof=1))
    repeated = float((weights[scored.repeats] ** 2).sum())
    repeats = repeated * scored.repeat_variance if scored.repeat_variance is not None else 0.0
    error, difference = np.sqrt(texts + repeats), float(samples[0])
    freedom = (texts + repeats) ** 2 / (repeats**2 / scored.repeat_freedom) if repeats else np.inf
    margin = float(t.ppf((1 + confidence) / 2, freedom) * error)
    unknown = scored.repeat_variance is None and repeated > 0
    return {
        "difference": difference,
        "low": difference - margin,
        "high": difference + margin,
        "error_texts": np.sqrt(texts),
        "error_repeats": np.nan if unknown else np.sqrt(repeats),
        "p": float(2 * t.sf(abs(difference) / error, freedom)) if error > ROUNDING else 1.0,
    }


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down correction (1979): the smallest family-wise error rate at which each comparison is significant."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1)
    return corrected


def judge_family(scored: Scored, contrasts: list[np.ndarray], confidence: float) -> list[dict]:
    """What `judge` says of each contrast of a family of comparisons, with `p_corrected` for their number and `verdict`."""
    judged = [judge(scored, weights, confidence) for weights in contrasts]
    for row, corrected in zip(judged, holm(np.array([row["p"] for row in judged])), strict=True):
        row["p_corrected"] = float(corrected)
        row["verdict"] = SAME if corrected > 1 - confidence else HIGHER if row["difference"] > 0 else LOWER
    return judged


def contrasts_with(rows: pd.DataFrame, setting: int) -> dict[int, np.ndarray]:
    """The contrast of a setting with each other row's setting that has a fold in common with it, by the other's number."""
    own = (rows["setting"] == setting).to_numpy()
    others = [other for other in rows["setting"].unique() if other != setting]
    found = {int(other): contrast(rows, own, (rows["setting"] == other).to_numpy()) for other in others}
    return {other: weights for other, weights in found.items() if weights is not None}


def matched_contrast(
    rows: pd.DataFrame, axis: VaryingAxis, first: str, second: str, others: list[str]
) -> tuple[np.ndarray | None, int, list[str]]:
    """Two levels of an axis compared within blocks of runs that are equal in the other axes; each block has the same weight.

    Returns:
        The weights (rows,), None if there is no block; the number of blocks; and the columns without a value that occurs at both levels
        (such as a head's size for two kinds of heads), which therefore cannot be held the same.
    """
    runs = rows["kind"] == "run"
    one, two = (runs & (rows[axis.column] == level) for level in (first, second))
    free = [name for name in others if not set(rows.loc[one, name]) & set(rows.loc[two, name])]
    held = [name for name in others if name not in free]
    block = group_numbers(rows, held) if held else np.zeros(len(rows), dtype=int)
    common = sorted(set(block[one]) & set(block[two]))
    weighted = [contrast(rows, (one & (block == key)).to_numpy(), (two & (block == key)).to_numpy()) for key in common]
    found = [weights for weights in weighted if weights is not None]
    return (np.mean(found, axis=0) if found else None), len(found), free
