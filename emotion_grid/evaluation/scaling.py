"""Scaling laws of a study: how the error falls along a numeric axis, and what doubling would bring.

The error is 1 less macro-F1. A law is fitted to the means of the levels over seeds and folds; its bands come from fits to resampled means.
Without folds, these hold what other texts would change, by the resamples on which all runs are scored, and what other seeds would change,
drawn from the deviations of all runs from their level's mean. With folds, a level's mean over seeds in a fold is one observation. What a
fold has in common for all levels and what it has not are drawn apart; the latter is widened as in `contrasts.py`, since folds share
training rows. What is drawn has the tails of Student's t, since few runs or folds say how much they differ.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emotion_grid.base.files import read_json
from emotion_grid.base.layout import CHECKS, data_folder
from emotion_grid.data.splits import ADDED
from emotion_grid.evaluation.contrasts import Scored
from emotion_grid.evaluation.foresight import FEWEST_FREEDOM
from emotion_grid.evaluation.power_law import cross_validated, fit_power_laws
from emotion_grid.evaluation.results import Results, VaryingAxis, words_of

SCALING = "scaling"
"""The key of comparison.json under which the laws stand."""

FEWEST_LEVELS = 4

ROWS = {"train_share": "training rows", "added_share": "training and added rows"}
"""Axes along which x is a number of rows, and what it is called."""

POINTS = 41
"""Points of a curve, from the smallest x to twice the largest."""


@dataclass(frozen=True)
class Levels:
    """Runs along an axis that are equal in all others.

    Attributes:
        x: of each run, above 0, (runs,).
        errors: of each run, on the texts as they are and on each resample, (runs, 1 + resamples).
        folds: number of each run's fold, (runs,).
    """

    x: np.ndarray
    errors: np.ndarray
    folds: np.ndarray

    @property
    def places(self) -> np.ndarray:
        """Which level each run is of, (runs,); levels are sorted by x."""
        return np.unique(self.x, return_inverse=True)[1]


def scaling_laws(results: Results, scored: Scored) -> list[dict]:
    """A law for each numeric axis, and for each group of runs along it that are equal in all other axes and have four levels or more.

    Args:
        scored: the rows with their scores on the split that judges.

    Returns:
        Of each law: the `axis`, the `name` of x, the `group` of runs in words, and what `law_of` finds.
    """
    rows, laws = scored.rows, []
    confidence = results.plan["evaluation"]["confidence"]
    for axis in results.axes:
        for name, x in _amounts(results, rows, axis).items():
            for group, runs in _groups(results, rows[(rows["kind"] == "run").to_numpy() & np.isfinite(x)], axis):
                if len(np.unique(x[runs.index])) >= FEWEST_LEVELS:
                    folds = pd.factorize(runs["fold"])[0]
                    found = law_of(Levels(x[runs.index], 1 - scored.scores[runs.index], folds), confidence)
                    laws.append({"axis": axis.name, "name": name, "group": group, **found})
    return laws


def _amounts(results: Results, rows: pd.DataFrame, axis: VaryingAxis) -> dict[str, np.ndarray]:
    """What can be x along an axis, by its name: the x of each row, NaN where it has none, (rows,); nothing for an axis of words or rates."""
    if axis.column in ROWS:
        return {ROWS[axis.column]: _trained_rows(results, rows, axis.column == "added_share")}
    names = {"head_size": ("head_units", "trainable_parameters")}.get(axis.column, (axis.column,))
    has_level = ((rows["kind"] == "run") & (rows[axis.column] != "")).to_numpy()
    found = {}
    for name in (name for name in names if name in rows):
        x = pd.to_numeric(rows[name], errors="coerce").to_numpy(dtype=float)
        if np.isfinite(x[has_level]).all() and not name.endswith("learning_rate"):
            found[words_of(name)] = np.where(x > 0, x, np.nan)
    return found


def _trained_rows(results: Results, rows: pd.DataFrame, with_added: bool) -> np.ndarray:
    """How many rows each row of the tables was trained on, on average over the folds of its setting, (rows,)."""
    data = {row["run"]: row["data"] for row in results.plan["rows"]}
    checks = {key: read_json(data_folder(results.home, key) / CHECKS) for key in set(data.values())}
    counts = {key: check["prepared"]["train"]["rows"] for key, check in checks.items()}
    if with_added:
        counts = {key: count + checks[key].get(ADDED, {"rows": 0})["rows"] for key, count in counts.items()}
    own = rows["run"].map({run: counts[key] for run, key in data.items()})
    return own.groupby(rows["setting"]).transform("mean").to_numpy(dtype=float)


def _groups(results: Results, runs: pd.DataFrame, axis: VaryingAxis) -> Iterator[tuple[str, pd.DataFrame]]:
    """Runs that are equal in all other axes, and what they have in common in words.

    Runs without added rows stand at the beginning of every way to add some.
    """
    others = [other.column for other in results.axes if other is not axis]
    plain = runs.iloc[:0]
    if axis.column == "added_share":
        plain, runs = runs[runs["added"] == "none"], runs[runs["added"] != "none"]
    shared = [name for name in others if not name.startswith("added")]
    for _, part in runs.groupby(others, sort=False) if others else [((), runs)]:
        first = part.iloc[0]
        words = ", ".join(f"{words_of(name)} {first[name]}" for name in others if first[name])
        alike = (plain[shared] == first[shared]).all(axis=1)
        yield words, pd.concat([plain[alike], part])


def law_of(levels: Levels, confidence: float = 0.95, seed: int = 1) -> dict:
    """The law of an error along an axis.

    Args:
        confidence: coverage of the bands.
        seed: of what is drawn.

    Returns:
        `levels`: x, mean error and errors of the runs; `cross_validation`: see `cross_validated`; `why_not`: why the data do not allow a
        law, empty if they do; and then `a`, `b` (at x = 1), `c`, `curve` (x, error, low, high) and `doubling` (from, to, gain, low, high:
        by how much the error falls).
    """
    x, places = np.unique(levels.x), levels.places
    runs = np.bincount(places).astype(float)
    means = np.bincount(places, levels.errors[:, 0]) / runs
    shown = [
        {"x": float(value), "error": float(means[place]), "runs": levels.errors[places == place, 0].tolist()}
        for place, value in enumerate(x)
    ]
    found: dict = {"levels": shown, "cross_validation": None, "why_not": ""}
    if len(x) < FEWEST_LEVELS:
        return {**found, "why_not": f"a law needs at least {FEWEST_LEVELS} levels, and there are {len(x)}"}
    found["cross_validation"] = cross_validated(x, means, runs)
    resampled = _resampled_means(levels, seed)
    if resampled is None:
        return {
            **found,
            "why_not": "the levels were not run often enough to tell how much runs differ; run more seeds or folds",
        }
    if found["cross_validation"]["law"] >= found["cross_validation"]["constant"]:
        return {**found, "why_not": "at levels that were left out, a power law is no better than a constant"}
    law, others = fit_power_laws(x, means[None], runs), fit_power_laws(x, np.clip(resampled, 0, 1), runs)
    grid = np.geomspace(x[0], 2 * x[-1], POINTS)
    tails = 100 * np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    low, high = np.percentile(others.at(grid), tails, axis=0)
    curve = zip(grid, law.at(grid)[0], low, high, strict=True)
    ends = np.array([x[-1], 2 * x[-1]])
    gains = -np.diff(others.at(ends), axis=1)[:, 0]
    least, most = np.percentile(gains, tails)
    doubling = {"from": x[-1], "to": 2 * x[-1], "gain": -np.diff(law.at(ends))[0, 0], "low": least, "high": most}
    return {
        **found,
        "a": float(law.a[0]),
        "b": float(law.b[0] * law.unit ** law.c[0]),
        "c": float(law.c[0]),
        "curve": [dict(zip(("x", "error", "low", "high"), map(float, point), strict=True)) for point in curve],
        "doubling": {key: float(value) for key, value in doubling.items()},
    }


def _resampled_means(levels: Levels, seed: int) -> np.ndarray | None:
    """Means of the levels as other seeds, texts and folds might have given them, (resamples, levels); None if too little repeats."""
    random = np.random.default_rng(seed)
    return _over_folds(levels, random) if levels.folds.max() else _over_seeds(levels, random)


def _over_seeds(levels: Levels, random: np.random.Generator) -> np.ndarray | None:
    """The levels' means on each resample of the texts, with runs drawn from the deviations of all runs."""
    members = (levels.places[:, None] == np.arange(levels.places.max() + 1)).astype(float)
    runs = members.sum(0)
    freedom = len(levels.x) - len(runs)
    if freedom < FEWEST_FREEDOM:
        return None
    means = (members.T @ levels.errors) / runs[:, None]
    deviations = levels.errors - members @ means
    # On the resamples, runs of a level differ in what the texts make of them: that part is in the means already.
    variance = (deviations[:, 0] ** 2).sum() / freedom
    of_texts = deviations[:, 1:].var(axis=1, ddof=1).sum() / freedom
    drawn = (
        deviations[:, 0]
        * np.sqrt(len(levels.x) / freedom)
        * np.sqrt(max(1 - of_texts / variance, 0.0) if variance else 0.0)
    )
    count = levels.errors.shape[1] - 1
    noise = random.choice(drawn, (count, len(levels.x))) @ (members / runs) * _doubt(freedom, count, random)
    texts = means[:, 1:] - means[:, 1:].mean(1, keepdims=True)
    return means[:, 0] + texts.T + noise


def _over_folds(levels: Levels, random: np.random.Generator) -> np.ndarray | None:
    """The levels' means over folds that are drawn, with the deviations of all levels in all folds."""
    cells = pd.Series(levels.errors[:, 0]).groupby([levels.places, levels.folds]).mean().unstack()
    if cells.isna().any(axis=None):
        return None
    table = cells.to_numpy()  # (levels, folds)
    count, folds = max(levels.errors.shape[1] - 1, 200), table.shape[1]
    means, common = table.mean(1, keepdims=True), table.mean(0) - table.mean()
    rest = table - means - common
    freedom = (len(table) - 1) * (folds - 1)
    rest *= np.sqrt(table.size / freedom * (1 + folds / (folds - 1)))
    noise = random.choice(rest.ravel(), (count, len(table), folds)).mean(2) * _doubt(freedom, count, random)
    shared = common.std(ddof=1) / np.sqrt(folds) * random.standard_t(folds - 1, (count, 1))
    return means[:, 0] + noise + shared


def _doubt(freedom: int, count: int, random: np.random.Generator) -> np.ndarray:
    """Factors by which a standard deviation with some degrees of freedom may be too small or too large, as in Student's t, (count, 1)."""
    return np.sqrt(freedom / random.chisquare(freedom, (count, 1)))
