"""Which differences between settings are significant: paired on the same texts, seeds and folds as repetitions, corrected for their number.

`contrasts.py` has the method: which part of a difference other texts, seeds and folds would change. The p values of a family of
comparisons are corrected by Holm's method (1979).
"""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from emotion_grid.base.layout import data_folder
from emotion_grid.data.compared import prediction_tables
from emotion_grid.data.tables import read_split
from emotion_grid.data.uniting import BETWEEN
from emotion_grid.evaluation.contrasts import (
    Scored,
    contrasts_with,
    group_numbers,
    judge_family,
    matched_contrast,
)
from emotion_grid.evaluation.noise import noise_of
from emotion_grid.evaluation.predicted import predicted_for
from emotion_grid.evaluation.resampling import resampled_macro_f1
from emotion_grid.evaluation.results import Results, check_tables, prediction_folders
from emotion_grid.evaluation.settings import setting_columns
from emotion_grid.evaluation.thresholds import THRESHOLD_COLUMNS, thresholds_from

COLUMNS = [
    "family",
    "axis",
    "first",
    "second",
    "pairs",
    "difference",
    "low",
    "high",
    "error",
    "error_texts",
    "error_repeats",
    "freedom",
    "detectable",
    "p",
    "p_corrected",
    "verdict",
    "not_held_same",
]


def score_resamples(results: Results) -> Scored:
    """Macro-F1 of every row on the split that judges and on each resample of its texts, at its thresholds there."""
    return score_parts(results, results.judge, ("",))[""]


def score_parts(results: Results, split: str, parts: Sequence[str]) -> dict[str, Scored]:
    """The same on a split, and on the texts of each of some of the sets that it unites alone.

    Args:
        split: one that has gold labels.
        parts: names of these sets, each with gold labels; the empty one stands for all texts.
    """
    plan, labels = results.plan, results.plan["labels"]
    check_tables(plan, results.home)
    folders, first = prediction_folders(plan, results.home), plan["rows"][0]["data"]
    data = {row["run"]: row["data"] for row in plan["rows"]}
    golds = {key: read_split(data_folder(results.home, key) / f"{split}.csv") for key in set(data.values())}
    kept: list[int] = []
    scores: dict[str, list[np.ndarray]] = {part: [] for part in parts}
    for place, row in enumerate(results.summary.to_dict("records")):
        if not np.isfinite(row[f"{split}_macro_f1"]):
            continue
        gold = golds[data.get(row["run"], first)]
        probabilities = predicted_for(prediction_tables(folders[row["run"]]), split, labels, list(gold["id"]))
        assert probabilities is not None, "the row has a score there"
        predicted = probabilities >= thresholds_from(row[THRESHOLD_COLUMNS[split]], labels)
        kept.append(place)
        for part in parts:
            own = rows_of_part(gold, part)
            known = gold[labels].to_numpy()[own]
            scores[part].append(resampled_macro_f1(known, predicted[own], plan["evaluation"]["bootstrap"]))
    rows = results.summary.iloc[kept].reset_index(drop=True)
    rows["setting"] = group_numbers(rows, ["kind", *setting_columns(plan)])
    # The texts of folds are others; those of shares of the training rows are the same.
    judged = pd.concat(golds.values()).drop_duplicates("id")
    texts = {part: int(rows_of_part(judged, part).sum()) for part in parts}
    return {part: Scored(rows, np.array(scores[part]), texts[part]) for part in parts}


def rows_of_part(gold: pd.DataFrame, part: str) -> np.ndarray:
    """Which rows of a split are of one of the sets that it unites, (rows,); all of them where no set is named."""
    return gold["id"].str.startswith(part + BETWEEN).to_numpy() if part else np.ones(len(gold), dtype=bool)


def compare_with_best(results: Results, scored: Scored) -> list[dict]:
    """The setting of the best run against every other setting, baseline and other prediction."""
    rows, best = scored.rows, _best_setting(results, scored)
    contrasts = contrasts_with(rows, best)
    judged = judge_family(scored, list(contrasts.values()), _confidence(results))
    first = results.label(results.best, repetitions=False)
    members = rows.drop_duplicates("setting").set_index("setting", drop=False)
    return [
        {
            "family": "best",
            "first": first,
            "second": results.label(members.loc[other], repetitions=False),
            "pairs": 1,
            **values,
        }
        for other, values in zip(contrasts, judged, strict=True)
    ]


def compare_levels(results: Results, scored: Scored) -> list[dict]:
    """Every two levels of every axis that varies, over the settings that are equal in all other axes.

    Settings that were run once cannot be tested, so they count only where all pairs would need one of them.
    """
    comparisons, contrasts = [], []
    whole = {axis.column: [axis.column, *axis.together] for axis in results.axes}
    for axis in results.axes:
        others = [other.column for other in results.axes if other is not axis]
        for first, second in itertools.combinations(axis.levels, 2):
            weights, pairs, free = matched_contrast(scored.rows, axis, first, second, others, scored.is_repeated)
            if weights is None:
                every = np.ones(len(scored.rows), dtype=bool)
                weights, pairs, free = matched_contrast(scored.rows, axis, first, second, others, every)
            names = ", ".join(name for column in free for name in whole[column])
            sides = {"axis": axis.column, "first": first, "second": second, "pairs": pairs}
            comparisons.append({"family": "axis", **sides, "not_held_same": names})
            contrasts.append(weights)
    judged = iter(judge_family(scored, [weights for weights in contrasts if weights is not None], _confidence(results)))
    return [
        row if weights is None else {**row, **next(judged)} for row, weights in zip(comparisons, contrasts, strict=True)
    ]


def _best_setting(results: Results, scored: Scored) -> int:
    """The number of the best run's setting."""
    return int(scored.rows.loc[scored.rows["run"] == results.best["run"], "setting"].iloc[0])


def _confidence(results: Results) -> float:
    return results.plan["evaluation"]["confidence"]


def compare(results: Results, scored: Scored) -> tuple[pd.DataFrame, dict[str, float] | None]:
    """All comparisons of an experiment.

    Args:
        scored: its rows with their scores on the split that judges.

    Returns:
        The table, and the noise that the experiment shows (`foresight.noise_from`), None where nothing shows it.
    """
    table = pd.DataFrame(compare_with_best(results, scored) + compare_levels(results, scored), columns=COLUMNS)
    noise = noise_of(scored, _best_setting(results, scored))
    return table, dataclasses.asdict(noise) if noise else None
