"""Which differences between settings are real: paired on the same texts, seeds and folds as repetitions, corrected for their number.

A difference is a contrast of runs: weights that sum to zero. Its error has two parts. What other texts would change comes from a paired
bootstrap (Efron 1979): every run is scored on the same resamples of the texts. What another seed would change comes from the spread of
runs within settings, pooled over all settings. Their sum is judged by a t distribution with Satterthwaite's degrees of freedom, and
the p values of a family of comparisons are corrected by Holm's method (1979).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.lib.data import read_predictions, read_split
from scripts.lib.metrics import match, resamples
from scripts.lib.results import Axis, Results
from scripts.lib.scores import f1
from scripts.lib.tables import prediction_folders

COLUMNS = [
    "family",
    "axis",
    "first",
    "second",
    "pairs",
    "difference",
    "low",
    "high",
    "error_texts",
    "error_repeats",
    "p",
    "p_corrected",
    "verdict",
    "not_held_same",
]
ROUNDING = 1e-9
"""An error below this is that of equal predictions, whose sums differ in their last digits."""

HIGHER, LOWER, SAME = "higher", "lower", "cannot be told apart"


@dataclass(frozen=True)
class Scored:
    """The rows of summary.csv that have the judge's split, and their macro-F1.

    Attributes:
        rows: the rows, numbered from 0.
        scores: (rows, 1 + resamples); the first column is the score on the texts as they are.
        repeat_variance: variance of runs within a setting, None if no setting was repeated; fold effects are taken away.
        repeat_freedom: its degrees of freedom.
    """

    rows: pd.DataFrame
    scores: np.ndarray
    repeat_variance: float | None
    repeat_freedom: int

    @property
    def repeats(self) -> np.ndarray:
        """Which rows another seed would change: runs, and not baselines or others' predictions."""
        return (self.rows["kind"] == "run").to_numpy()


def score_resamples(results: Results) -> Scored:
    """Macro-F1 of every row on the judge's split and on each resample of its texts, at the thresholds tuned on validation."""
    plan, labels = results.plan, results.plan["labels"]
    folders, first = prediction_folders(plan, results.home), plan["rows"][0]["data"]
    data = {row["run"]: row["data"] for row in plan["rows"]}
    golds = {key: read_split(results.home / "data" / key / f"{results.judge}.csv") for key in set(data.values())}
    kept, scores = [], []
    for place, row in enumerate(results.summary.to_dict("records")):
        if not np.isfinite(row[results.score]):
            continue
        path, gold = folders[row["run"]] / f"{results.judge}.csv", golds[data.get(row["run"], first)]
        probabilities = match(read_predictions(path, labels), gold, str(path))
        given = probabilities >= np.array([float(value) for value in row["threshold"].split()])
        kept.append(place)
        scores.append(resampled_macro_f1(gold[labels].to_numpy() > 0.5, given, plan["evaluation"]["bootstrap"]))
    rows = results.summary.iloc[kept].reset_index(drop=True)
    rows["setting"] = _numbers(rows, ["kind", *(name for name in plan["columns"] if name not in ("seed", "fold"))])
    return Scored(rows, np.array(scores), *_repeat_variance(rows, np.array([row[0] for row in scores])))


def resampled_macro_f1(gold: np.ndarray, given: np.ndarray, count: int) -> np.ndarray:
    """Macro-F1 on the rows as they are and on each resample: (1 + count,)."""
    weights = np.concatenate([np.ones((1, len(gold)), dtype=np.float32), resamples(len(gold), count)])
    both, predicted, positive = (weights @ part.astype(np.float32) for part in (gold & given, given, gold))
    return f1(both, predicted, positive).mean(1)


def _numbers(rows: pd.DataFrame, columns: list[str]) -> np.ndarray:
    return rows.groupby(columns, dropna=False, sort=False).ngroup().to_numpy()


def _repeat_variance(rows: pd.DataFrame, scores: np.ndarray) -> tuple[float | None, int]:
    """Pooled variance of runs within their settings, without what a fold does to all settings alike, and its degrees of freedom."""
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
    """Holm's step-down correction: the largest family-wise error at which each comparison would still stand."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1)
    return corrected


def compare_with_best(results: Results, scored: Scored) -> list[dict]:
    """The setting of the best run against every other setting, baseline and other prediction."""
    rows = scored.rows
    best = rows["setting"] == rows.loc[rows["run"] == results.best["run"], "setting"].iloc[0]
    name, found = results.label(results.best, repetitions=False), []
    for _, group in rows[~best].groupby("setting", sort=False):
        other = np.isin(rows.index, group.index)
        weights = contrast(rows, best.to_numpy(), other)
        if weights is not None:
            sides = {"first": name, "second": results.label(group.iloc[0], repetitions=False), "pairs": 1}
            found.append({"family": "best", **sides, **judge(scored, weights, _confidence(results))})
    return _corrected(found, results)


def compare_levels(results: Results, scored: Scored) -> list[dict]:
    """Every two levels of every axis that varies, over the settings that are alike in all else."""
    found = []
    for axis in results.axes:
        others = [other.column for other in results.axes if other is not axis]
        for place, first in enumerate(axis.levels):
            for second in axis.levels[place + 1 :]:
                weights, pairs, free = matched_contrast(scored.rows, axis, first, second, others)
                sides = {"axis": axis.column, "first": first, "second": second, "pairs": pairs}
                values = {} if weights is None else judge(scored, weights, _confidence(results))
                found.append({"family": "axis", **sides, "not_held_same": ", ".join(free), **values})
    return _corrected(found, results)


def matched_contrast(
    rows: pd.DataFrame, axis: Axis, first: str, second: str, others: list[str]
) -> tuple[np.ndarray | None, int, list[str]]:
    """Two levels of an axis compared within blocks of runs that are alike in the other axes, each block counting the same.

    Returns:
        The weights (rows,), None if there is no block; the number of blocks; and the columns that no value is common to at both
        levels (a head's size beside its kind, say), which therefore cannot be held the same.
    """
    runs = rows["kind"] == "run"
    one, two = (runs & (rows[axis.column] == level) for level in (first, second))
    free = [name for name in others if not set(rows.loc[one, name]) & set(rows.loc[two, name])]
    held = [name for name in others if name not in free]
    block = _numbers(rows, held) if held else np.zeros(len(rows), dtype=int)
    common = sorted(set(block[one]) & set(block[two]))
    found = [contrast(rows, (one & (block == key)).to_numpy(), (two & (block == key)).to_numpy()) for key in common]
    found = [weights for weights in found if weights is not None]
    return (np.mean(found, axis=0) if found else None), len(found), free


def _corrected(found: list[dict], results: Results) -> list[dict]:
    """The comparisons of one family with their corrected p and verdict."""
    made = [row for row in found if "p" in row]
    alpha = 1 - _confidence(results)
    for row, corrected in zip(made, holm(np.array([row["p"] for row in made])), strict=True):
        row["p_corrected"] = corrected
        row["verdict"] = SAME if corrected > alpha else HIGHER if row["difference"] > 0 else LOWER
    return found


def _confidence(results: Results) -> float:
    return results.plan["evaluation"]["confidence"]


def comparison_table(results: Results) -> pd.DataFrame:
    """All comparisons of an experiment; none if its only judge is validation, which has chosen the runs."""
    if results.judge == "validation":
        return pd.DataFrame(columns=COLUMNS)
    scored = score_resamples(results)
    return pd.DataFrame(compare_with_best(results, scored) + compare_levels(results, scored), columns=COLUMNS)
