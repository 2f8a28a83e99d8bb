"""A study on several data sets as a whole: its settings' scores on every set, and which differences are significant on average over the sets.

A comparison is made within each set, as in a study on that set alone (`contrasts.py`), and averaged over the sets in which it can be made,
each with the same weight. The sets are taken as they are: the difference is that on these sets. Since they share neither texts nor runs,
the variance of the average is the sum of the sets' variances over the square of their number, with Satterthwaite's degrees of freedom.

Where a set's own comparison cannot be tested, since its settings were run once, the sets themselves repeat each other: the variance of
the average comes from the spread of the differences over the sets, as is usual for comparisons over many data sets (Demsar, Statistical
comparisons of classifiers over multiple data sets, JMLR 7, 2006). That spread also holds what truly differs between the sets, so this
test is too cautious rather than too bold; it takes at least `FEWEST_SETS` sets.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_grid.base.layout import data_folder
from emotion_grid.data.splits import SPLITS
from emotion_grid.data.tables import read_split
from emotion_grid.evaluation.comparison import rows_of_part, score_parts, score_resamples
from emotion_grid.evaluation.contrasts import (
    Errors,
    Scored,
    contrast,
    errors_of,
    group_numbers,
    matched_contrast,
    verdicts,
)
from emotion_grid.evaluation.results import Results, VaryingAxis, read_results, varying_axes
from emotion_grid.evaluation.settings import setting_columns

FEWEST_SETS = 6
"""Sets from which on their differences repeat each other: of fewer, the spread is hardly known."""

DATA, TRAINED_ON, ITSELF = "data", "trained_on", "the set itself"
"""The columns that name the set on whose texts a row is scored, and the one that it was trained on, if some sets unite others."""


@dataclass(frozen=True)
class Across:
    """A study on several data sets.

    Attributes:
        sets: the results on each set, by its name.
        unions: the results on each set that unites others: they are judged on these.
        columns: the columns that tell settings apart, `kind` first.
        runs: the rows of all sets' summary.csv, with the set's name in the column `data`.
        settings: a row for each setting: `kind` and the other columns, `sets` (how many it was run on) and, for each split, the mean over
            the sets of its mean over runs, `<split>_macro_f1_mean`, with the standard deviation over the sets, `<split>_macro_f1_sd`.
        scores: macro-F1 on the judge, (settings, sets): mean over runs, NaN where a setting was not run.
        axes: the axes that vary.
        judge: the split on which settings are compared, on every set that has it labelled.
        best: the row of `settings` with the best mean on validation of those that were run on every set.
    """

    sets: dict[str, Results]
    unions: dict[str, Results]
    columns: list[str]
    runs: pd.DataFrame
    settings: pd.DataFrame
    scores: pd.DataFrame
    axes: list[VaryingAxis]
    judge: str
    best: pd.Series

    @property
    def judged(self) -> list[str]:
        """The sets on which settings are compared."""
        return [name for name, results in self.sets.items() if results.judge == self.judge]


def read_sets(homes: Sequence[Path]) -> Across:
    """The results of a study on several data sets.

    Args:
        homes: the folders of results of its parts, each named like its set.

    Raises:
        InputError: a table that is not as it was written.
    """
    read = {home.name: read_results(home) for home in homes}
    unions = {name: results for name, results in read.items() if results.plan.get("united")}
    sets = {name: results for name, results in read.items() if name not in unions}
    names = list(dict.fromkeys(name for results in read.values() for name in setting_columns(results.plan)))
    names += [TRAINED_ON] * bool(unions)
    columns = ["kind", *names]
    runs = pd.concat(_judged_rows(sets, unions), ignore_index=True).fillna(dict.fromkeys(names, ""))
    judge = "dev" if any(results.judge == "dev" for results in sets.values()) else "validation"
    by_set = runs.groupby([*columns, DATA], sort=False)
    scores = by_set[f"{judge}_macro_f1"].mean().unstack(DATA).reindex(columns=list(sets))
    order = pd.MultiIndex.from_frame(runs[columns].drop_duplicates())
    scores = scores.reindex(order)
    settings = _averaged(runs, columns, scores)
    plan = next(iter(sets.values())).plan
    merged = {**plan, "columns": [*names, *plan["repetitions"]]}
    return Across(
        sets=sets,
        unions=unions,
        columns=columns,
        runs=runs,
        settings=settings,
        scores=scores.reset_index(drop=True),
        axes=varying_axes(runs[runs["kind"] == "run"], merged),
        judge=judge,
        best=_best(settings),
    )


def _judged_rows(sets: dict[str, Results], unions: dict[str, Results]) -> Iterator[pd.DataFrame]:
    """The rows that are judged on each set: those that were trained on it, and those of unions, with their scores on its texts alone."""
    for name, results in sets.items():
        yield results.summary.assign(**{DATA: name, **({TRAINED_ON: ITSELF} if unions else {})})
    for union, results in unions.items():
        parts = results.plan["united"]["judged_on"]
        scores = {split: _scores_on_parts(results, split, parts) for split in SPLITS}
        for part in parts:
            rows = results.summary[["run", "kind", *results.plan["columns"], "train_seconds"]]
            for split, found in scores.items():
                rows = rows.assign(**{f"{split}_macro_f1": found.get(part, np.nan)})
            yield rows.assign(**{DATA: part, TRAINED_ON: union})


def _scores_on_parts(results: Results, split: str, parts: list[str]) -> dict[str, pd.Series]:
    """Macro-F1 of each row on the texts of each part that has gold labels in a split, by the part's name."""
    if f"{split}_macro_f1" not in results.summary:
        return {}
    labelled = _labelled_parts(results, split, parts)
    once = {**results.plan, "evaluation": {**results.plan["evaluation"], "bootstrap": 1}}
    scored = score_parts(dataclasses.replace(results, plan=once), split, labelled) if labelled else {}
    return {
        part: results.summary["run"].map(dict(zip(one.rows["run"], one.scores[:, 0], strict=True)))
        for part, one in scored.items()
    }


def _labelled_parts(results: Results, split: str, parts: list[str]) -> list[str]:
    """The parts of a split of which some row has a known label."""
    gold = read_split(data_folder(results.home, results.plan["rows"][0]["data"]) / f"{split}.csv")
    known = gold[results.plan["labels"]].notna().any(axis=1).to_numpy()
    return [part for part in parts if (known & rows_of_part(gold, part)).any()]


def _averaged(runs: pd.DataFrame, columns: list[str], scores: pd.DataFrame) -> pd.DataFrame:
    """The settings with their means over sets."""
    names = [f"{split}_macro_f1" for split in ("validation", "dev", "test")]
    names = [name for name in names if name in runs and runs[name].notna().any()]
    of_sets = runs.groupby([*columns, DATA], sort=False)[names].mean().groupby(columns, sort=False)
    table = pd.DataFrame({"sets": scores.notna().sum(axis=1)})
    for name in names:
        table[f"{name}_mean"], table[f"{name}_sd"] = of_sets[name].mean(), of_sets[name].std()
    return table.reset_index()


def _best(settings: pd.DataFrame) -> pd.Series:
    """The setting of runs with the best mean on validation, among those that were run on most sets."""
    runs = settings[(settings["kind"] == "run") & settings["validation_macro_f1_mean"].notna()]
    complete = runs[runs["sets"] == runs["sets"].max()]
    return settings.loc[complete["validation_macro_f1_mean"].idxmax()]


def compare_sets(across: Across) -> pd.DataFrame:
    """Comparisons averaged over the sets: the best setting against every other row (family `best`), and the levels of every axis (`axis`)."""
    scored = _scored_sets(across)
    confidence = next(iter(across.sets.values())).plan["evaluation"]["confidence"]
    families = [_against_best(across, scored), _of_levels(across, scored)]
    return pd.DataFrame([row for family in families for row in _judged(family, scored, confidence)])


def _scored_sets(across: Across) -> dict[str, Scored]:
    """The rows that are judged on each set, with their scores on its texts and the same resamples of these."""
    scored: dict[str, list[Scored]] = {}
    for name in across.judged:
        scored[name] = [_with_columns(score_resamples(across.sets[name]), across.columns, ITSELF)]
    for union, results in across.unions.items():
        parts = [part for part in results.plan["united"]["judged_on"] if part in scored]
        parts = _labelled_parts(results, across.judge, parts)
        for part, one in (score_parts(results, across.judge, parts) if parts else {}).items():
            scored[part].append(_with_columns(one, across.columns, union))
    return {name: _joined(found, across.columns) for name, found in scored.items()}


def _with_columns(scored: Scored, columns: list[str], trained_on: str) -> Scored:
    """The rows with every setting column of the study; one that a set's own rows lack is empty."""
    missing = dict.fromkeys((name for name in columns if name not in scored.rows), "")
    if TRAINED_ON in columns:
        missing[TRAINED_ON] = trained_on
    return Scored(scored.rows.assign(**missing), scored.scores, scored.texts)


def _joined(parts: list[Scored], columns: list[str]) -> Scored:
    """The rows of several that are scored on the same texts."""
    rows = pd.concat([part.rows for part in parts], ignore_index=True)
    rows["setting"] = group_numbers(rows, columns)
    return Scored(rows, np.concatenate([part.scores for part in parts]), parts[0].texts)


@dataclass(frozen=True)
class Comparison:
    """A comparison to be averaged.

    Attributes:
        cells: what the table says of it before it is judged.
        weights: of each set's rows, by the set's name; only of sets in which it can be made.
    """

    cells: dict
    weights: dict[str, np.ndarray]


def _against_best(across: Across, scored: dict[str, Scored]) -> list[Comparison]:
    """The best setting against every other row."""
    found = []
    for _, other in across.settings.iterrows():
        if other.name == across.best.name:
            continue
        weights = {}
        for name, one in scored.items():
            own, second = (_is(one.rows, setting, across.columns) for setting in (across.best, other))
            made = contrast(one.rows, own, second) if own.any() and second.any() else None
            if made is not None:
                weights[name] = made
        cells = {"family": "best", "axis": "", "first": label(across, across.best), "second": label(across, other)}
        found.append(Comparison({**cells, "pairs": 1, "not_held_same": ""}, weights))
    return found


def _is(rows: pd.DataFrame, setting: pd.Series, columns: list[str]) -> np.ndarray:
    """Which rows are of a setting, (rows,)."""
    return np.logical_and.reduce([(rows[name] == setting[name]).to_numpy() for name in columns])


def _of_levels(across: Across, scored: dict[str, Scored]) -> list[Comparison]:
    """Every two levels of every axis."""
    found = []
    whole = {axis.column: [axis.column, *axis.together] for axis in across.axes}
    for axis in across.axes:
        others = [other.column for other in across.axes if other is not axis]
        for first, second in itertools.combinations(axis.levels, 2):
            weights, pairs, free = {}, 0, []
            for name, one in scored.items():
                every = np.ones(len(one.rows), dtype=bool)
                made, count, not_held = matched_contrast(one.rows, axis, first, second, others, every)
                if made is not None:
                    weights[name], pairs = made, pairs + count
                    free += not_held
            names = ", ".join(name for column in dict.fromkeys(free) for name in whole[column])
            cells = {"family": "axis", "axis": axis.column, "first": first, "second": second}
            found.append(Comparison({**cells, "pairs": pairs, "not_held_same": names}, weights))
    return found


def _judged(family: list[Comparison], scored: dict[str, Scored], confidence: float) -> list[dict]:
    """The rows of a family, with what `verdicts` says of them; those that can be made on no set have no verdict."""
    made = [comparison for comparison in family if comparison.weights]
    averages = [average(comparison.weights, scored) for comparison in made]
    if not averages:
        return [{**comparison.cells, "sets": 0, "verdict": ""} for comparison in family]
    differences, errors = zip(*averages, strict=True)
    joined = Errors(
        *(
            np.concatenate(parts)
            for parts in zip(*((e.texts, e.repeats, e.freedom, e.tested) for e in errors), strict=True)
        )
    )
    judged = iter(verdicts(np.array(differences), joined, confidence))
    return [
        {
            **comparison.cells,
            "sets": len(comparison.weights),
            **(next(judged) if comparison.weights else {"verdict": ""}),
        }
        for comparison in family
    ]


def average(weights: dict[str, np.ndarray], scored: dict[str, Scored]) -> tuple[float, Errors]:
    """A difference averaged over sets, and its variance: that of each set, or the spread over the sets where some set cannot be tested.

    Args:
        weights: of each set's rows, by the set's name.
        scored: the rows and their scores, by the set's name.
    """
    count = len(weights)
    differences = np.array([own @ scored[name].scores[:, 0] for name, own in weights.items()])
    parts = [errors_of(scored[name], own[None]) for name, own in weights.items()]
    if all(part.tested.all() for part in parts):
        texts = np.array([np.nan_to_num(part.texts).sum() for part in parts])
        repeats = np.array([part.repeats.sum() for part in parts])
        freedom = np.array([part.freedom.sum() for part in parts])
        variances = texts + repeats
        doubt = (variances**2 / freedom).sum()
        joined = variances.sum() ** 2 / doubt if doubt > 0 else np.inf
        known = any(not np.isnan(part.texts).any() for part in parts)
        return differences.mean(), _errors(
            texts.sum() / count**2 if known else np.nan, repeats.sum() / count**2, joined, True
        )
    if count < FEWEST_SETS:
        return differences.mean(), _errors(np.nan, 0.0, 1.0, False)
    return differences.mean(), _errors(np.nan, differences.var(ddof=1) / count, count - 1, True)


def _errors(texts: float, repeats: float, freedom: float, tested: bool) -> Errors:
    return Errors(np.array([texts]), np.array([repeats]), np.array([float(freedom)]), np.array([tested]))


def label(across: Across, setting: pd.Series) -> str:
    """A setting in words."""
    results, is_run = next(iter(across.sets.values())), setting["kind"] == "run"
    axes = [axis for axis in across.axes if is_run or axis.column != TRAINED_ON]
    name = dataclasses.replace(results, axes=axes).label(setting, repetitions=False)
    trained_on = setting.get(TRAINED_ON, ITSELF)
    return name if is_run or trained_on == ITSELF else f"{name} · trained on {trained_on}"


def sets_table(across: Across) -> pd.DataFrame:
    """sets.csv: a row for each setting with its means over the sets, then its score on each set, `<split>_macro_f1:<set>`."""
    return pd.concat([across.settings, across.scores.add_prefix(f"{across.judge}_macro_f1:")], axis=1)
