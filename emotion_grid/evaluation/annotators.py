"""Annotators beside the rows of an experiment: how far they agree, how well one does against the others, and how well the rows do.

An annotator is scored against what more than half of the others gave to a text. The rows of the experiment are scored against the same
references on the same texts, so that both figures mean the same. `agreement.py` has the formulas.
"""

import itertools
from collections.abc import Iterator

import numpy as np
import pandas as pd

from emotion_grid.base.layout import (
    AGREEMENT_TABLE,
    ANNOTATED_TABLE,
    ANNOTATORS_TABLE,
    DISAGREEMENTS_TABLE,
    data_folder,
)
from emotion_grid.data.compared import prediction_tables
from emotion_grid.data.scores import macro_f1
from emotion_grid.data.tables import read_split
from emotion_grid.evaluation.agreement import (
    alpha,
    basic_interval,
    macro_f1_against,
    majority_of_others,
    pair_agreement,
)
from emotion_grid.evaluation.annotated import Annotated, read_annotated, texts_table
from emotion_grid.evaluation.intervals import FEWEST
from emotion_grid.evaluation.mistakes import read_predicted
from emotion_grid.evaluation.predicted import predicted_for
from emotion_grid.evaluation.resampling import resamples
from emotion_grid.evaluation.results import Results, check_tables, prediction_folders
from emotion_grid.evaluation.settings import setting_columns
from emotion_grid.evaluation.thresholds import THRESHOLD_COLUMNS, thresholds_from

AGREEMENT_COLUMNS = ["metric", "label", "first", "second", "texts", "value", "low", "high"]
SCORE_COLUMNS = [
    "texts",
    "kind",
    "name",
    "runs",
    "rows",
    "macro_f1",
    "low",
    "high",
    "difference",
    "difference_low",
    "difference_high",
    "gold_macro_f1",
]
DISAGREEMENT_COLUMNS = ["id", "label", "probability", "predicted", "given_by", "annotators", "gold"]

ALL = "all"
"""What the table of scores calls all texts of the annotators, joined or not."""

ONE, EVERYONE = "annotator", "annotators"
"""Kinds of rows in the table of scores: a single annotator, and all of them together."""


def annotator_tables(results: Results) -> dict[str, pd.DataFrame]:
    """The tables about annotators, by their places in the experiment's folder.

    Raises:
        InputError: a file of answers that cannot be used, or tables that are not as they were written.
    """
    check_tables(results.plan, results.home)
    found = read_annotated(results)
    scores = [*_own_scores(found, results), *_scores_beside(found, results)]
    return {
        AGREEMENT_TABLE: agreement_table(found, results.plan),
        ANNOTATORS_TABLE: pd.DataFrame(scores).reindex(columns=SCORE_COLUMNS),
        DISAGREEMENTS_TABLE: disagreements(found, results),
        ANNOTATED_TABLE: texts_table(found),
    }


# --- agreement


def agreement_table(found: Annotated, plan: dict) -> pd.DataFrame:
    """Of each label Krippendorff's alpha with its interval, and of each pair of annotators the share of equal answers and Cohen's kappa."""
    weights, rows = _weights(len(found.items), plan), []
    for place, label in enumerate(plan["labels"]):
        answers = found.answers[:, :, place]
        samples, paired = alpha(answers, weights), (~np.isnan(answers)).sum(1) > 1
        has_interval = min((answers[paired] == value).any(1).sum() for value in (0, 1)) >= FEWEST
        low, high = basic_interval(samples, _confidence(plan), -1.0) if has_interval else (None, None)
        rows.append(
            {"metric": "alpha", "label": label, "texts": paired.sum(), "value": samples[0], "low": low, "high": high}
        )
    for first, second in itertools.combinations(range(len(found.names)), 2):
        texts, share, kappa = pair_agreement(found.answers[:, first], found.answers[:, second])
        pair = {"first": found.names[first], "second": found.names[second]}
        for place, label in enumerate(plan["labels"]):
            cells = {"label": label, **pair, "texts": texts[place]}
            rows.append({"metric": "equal", **cells, "value": share[place]})
            rows.append({"metric": "kappa", **cells, "value": kappa[place]})
    return pd.DataFrame(rows).reindex(columns=AGREEMENT_COLUMNS)


def _weights(texts: int, plan: dict) -> np.ndarray:
    """How often each text counts as it is and in each resample, (1 + resamples, texts)."""
    every = resamples(texts, plan["evaluation"]["bootstrap"])
    return np.concatenate([np.ones((1, texts), dtype=np.float32), every])


# --- scores


def _own_scores(found: Annotated, results: Results) -> Iterator[dict]:
    """Each annotator and all together against the others, on all texts that they annotated."""
    references, given = majority_of_others(found.answers), found.answers > 0.5
    weights = _weights(len(found.items), results.plan)
    kinds = [(ONE, name, [place]) for place, name in enumerate(found.names)]
    for kind, name, places in [*kinds, (EVERYONE, "", list(range(len(found.names))))]:
        own = references[:, places]
        yield {
            "texts": ALL,
            "kind": kind,
            "name": name,
            "rows": int((~np.isnan(own)).any((1, 2)).sum()),
            **_score(own, macro_f1_against(own, given[:, places], weights), results.plan),
        }


def _score(references: np.ndarray, samples: np.ndarray, plan: dict) -> dict:
    """Macro-F1 with its interval; none where too few texts decide it."""
    positives = (references > 0.5).any(1).sum(0)[(~np.isnan(references)).any((0, 1))]
    if not len(positives) or positives.mean() < FEWEST:
        return {"macro_f1": samples[0], "low": None, "high": None}
    low, high = basic_interval(samples, _confidence(plan))
    return {"macro_f1": samples[0], "low": low, "high": high}


def _scores_beside(found: Annotated, results: Results) -> Iterator[dict]:
    """All annotators, and every setting and other row, against the same references on the annotated texts of the split that judges."""
    plan = results.plan
    gold = pd.concat(_golds(results).values()).drop_duplicates("id").set_index("id")[plan["labels"]]
    place = {id_: number for number, id_ in enumerate(found.ids) if id_ is not None and id_ in gold.index}
    answers, gold = found.answers[list(place.values())], gold.loc[list(place)].to_numpy()
    references, given, weights = majority_of_others(answers), answers > 0.5, _weights(len(place), plan)
    if np.isnan(references).all():
        return
    people = macro_f1_against(references, given, weights)
    cells = {"texts": results.judge, "rows": len(place)}
    yield {**cells, "kind": EVERYONE, "name": "", **_score(references, people, plan)}
    for (kind, name), repeats in _predicted(results, list(place)).items():
        own, others, on_gold = [], [], []
        for labels in repeats:
            there = ~np.isnan(labels).any(1)
            same = np.where(there[:, None, None], references, np.nan)
            own.append(macro_f1_against(same, (labels == 1)[:, None], weights))
            others.append(people if there.all() else macro_f1_against(same, given, weights))
            on_gold.append(macro_f1(gold[there], labels[there] == 1))
        samples, apart = np.mean(own, axis=0), np.mean(np.subtract(own, others), axis=0)
        score = _score(references, samples, plan)
        low, high = (None, None) if score["low"] is None else basic_interval(apart, _confidence(plan), -1.0)
        beside = {"difference": apart[0], "difference_low": low, "difference_high": high}
        yield {
            **cells,
            "kind": kind,
            "name": name,
            "runs": len(repeats),
            **score,
            **beside,
            "gold_macro_f1": float(np.mean(on_gold)),
        }


def _golds(results: Results) -> dict[str, pd.DataFrame]:
    """The gold labels of the split that judges, by the key of the prepared splits: of each fold, where there are folds."""
    keys = dict.fromkeys(row["data"] for row in results.plan["rows"])
    return {key: read_split(data_folder(results.home, key) / f"{results.judge}.csv") for key in keys}


def _predicted(results: Results, ids: list[str]) -> dict[tuple[str, str], list[np.ndarray]]:
    """The labels that every setting and other row gives to some texts of the split that judges, by its kind and its name.

    Returns:
        Of each of its repetitions 1, 0 or NaN (not predicted), (texts, labels); folds, each of which predicts other texts, are one.
    """
    plan, golds, labels = results.plan, _golds(results), results.plan["labels"]
    folders, first = prediction_folders(plan, results.home), plan["rows"][0]["data"]
    data = {row["run"]: row["data"] for row in plan["rows"]}
    place = {id_: number for number, id_ in enumerate(ids)}
    repeats = [name for name in plan["repetitions"] if name != "fold" and name in results.summary]
    found: dict[tuple, dict[tuple, np.ndarray]] = {}
    for _, row in results.summary[np.isfinite(results.summary[results.score])].iterrows():
        own = list(golds[data.get(row["run"], first)]["id"])
        probabilities = predicted_for(prediction_tables(folders[row["run"]]), results.judge, labels, own)
        assert probabilities is not None, "the row has a score there"
        predicted = probabilities >= thresholds_from(row[THRESHOLD_COLUMNS[results.judge]], labels)
        setting = (row["kind"], results.label(row, repetitions=False), *row[setting_columns(plan)])
        nothing = np.full((len(ids), len(labels)), np.nan)
        given = found.setdefault(setting, {}).setdefault(tuple(row[repeats]), nothing)
        known = [number for number, id_ in enumerate(own) if id_ in place]
        given[[place[own[number]] for number in known]] = predicted[known]
    return {setting[:2]: list(given.values()) for setting, given in found.items()}


# --- where models and people disagree


def disagreements(found: Annotated, results: Results) -> pd.DataFrame:
    """Labels of texts for which the best run says another thing than most annotators, the furthest apart first.

    Apart is the run's probability from the share of annotators who gave the label, on the split that judges.
    """
    predictions, labels = read_predicted(results, results.best["run"]), results.plan["labels"]
    place = {id_: number for number, id_ in enumerate(found.ids) if id_ is not None}
    rows = []
    for number, id_ in enumerate(predictions.table["id"]):
        answers = found.answers[place[id_]] if id_ in place else np.full((1, len(labels)), np.nan)
        count, given_by = (~np.isnan(answers)).sum(0), np.nansum(answers, axis=0)
        predicted = predictions.probabilities[number] >= predictions.thresholds
        for column in np.flatnonzero((2 * given_by != count) & ((2 * given_by > count) != predicted)):
            gold = predictions.annotation[number, column]
            rows.append(
                {
                    "id": id_,
                    "label": labels[column],
                    "probability": predictions.probabilities[number, column],
                    "predicted": int(predicted[column]),
                    "given_by": int(given_by[column]),
                    "annotators": int(count[column]),
                    "gold": "" if np.isnan(gold) else int(gold),
                }
            )
    table = pd.DataFrame(rows, columns=DISAGREEMENT_COLUMNS)
    apart = (table["probability"] - table["given_by"] / table["annotators"]).abs()
    return table.loc[apart.sort_values(ascending=False, kind="stable").index]


def _confidence(plan: dict) -> float:
    return plan["evaluation"]["confidence"]
