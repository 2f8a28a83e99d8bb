"""Scores of every prediction table of an experiment, and the rows of its tables.

Thresholds never come from the texts that they judge (`tuning.py`). What was scored before is kept in `metrics/` and not scored again.
"""

import functools
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_grid.base.digests import digest, file_digest
from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import DIGESTS, find_damage, note_damage, read_record, write_record
from emotion_grid.base.layout import CHECKS, METRICS, data_folder
from emotion_grid.base.messages import InputError, log
from emotion_grid.data.compared import prediction_tables
from emotion_grid.data.splits import PROVENANCE, SPLITS
from emotion_grid.data.tables import has_gold, read_split
from emotion_grid.evaluation.metrics import OVERALL, score
from emotion_grid.evaluation.predicted import predicted_for
from emotion_grid.evaluation.results import ABOUT, check_tables, prediction_folders
from emotion_grid.evaluation.settings import by_setting, setting_columns
from emotion_grid.evaluation.thresholds import (
    FIXED,
    POOLED,
    THRESHOLD_COLUMNS,
    THRESHOLD_KIND,
    Labelled,
    threshold_text,
)
from emotion_grid.evaluation.tuning import Member, tune_together

METRIC_COLUMNS = ["run", "split", "threshold", "metric", "label", "value", "low", "high"]


@dataclass(frozen=True)
class Tables:
    """The prediction tables of a row of the plan, and the prepared splits with their gold labels.

    Attributes:
        row: of the plan.
        predictions: the file of each split that was predicted.
        gold: the file of each of these splits, and of validation.
    """

    row: dict
    predictions: dict[str, Path]
    gold: dict[str, Path]


class ReadOnce:
    """Digests of files and tables of gold labels, which many rows have in common."""

    def __init__(self) -> None:
        self.digest = functools.cache(file_digest)
        self.gold = functools.lru_cache(maxsize=64)(read_split)


def tables_of(row: dict, folder: Path, home: Path) -> Tables:
    """The tables of a row of the plan, whose predictions lie in `folder`, or are this one file."""
    predictions = prediction_tables(folder)
    gold = data_folder(home, row["data"])
    return Tables(row, predictions, {split: gold / f"{split}.csv" for split in {"validation", *predictions}})


def groups(rows: list[dict], plan: dict) -> list[list[dict]]:
    """The rows that share their thresholds: those of a setting, or each one alone, by `evaluation.threshold`.

    The folds of an ensemble always do, since they predict test and new texts alike.
    """
    if plan["evaluation"]["threshold"] in POOLED:
        return list(by_setting(rows, plan).values())
    alone = [[row] for row in rows if row["kind"] != "ensemble"]
    return alone + list(by_setting([row for row in rows if row["kind"] == "ensemble"], plan).values())


def score_group(group: list[Tables], plan: dict, home: Path, files: ReadOnce) -> dict[str, dict]:
    """Thresholds and metrics, by their names, of rows that share their thresholds; computed or as kept from before."""
    records = {tables.row["run"]: home / METRICS / f"{tables.row['run']}.json" for tables in group}
    keys = dict(zip(records, _keys(group, plan, files), strict=True))
    kept = {run: read_record(record)[0] for run, record in records.items()}
    if all(
        kept[run].get("key") == keys[run] and DIGESTS in kept[run] and not find_damage(records[run]) for run in records
    ):
        return kept
    splits = [read_labelled(tables, plan["labels"], home, files) for tables in group]
    members = [
        Member(tables.row["data"], own["validation"], own["dev"]) for tables, own in zip(group, splits, strict=True)
    ]
    tuned = tune_together(members, plan["evaluation"]["threshold"], bool(plan["folds"]))
    results = {}
    for run, own, thresholds in zip(records, splits, tuned, strict=True):
        kind = plan["evaluation"]["threshold"] if len(own["validation"]) else FIXED
        results[run] = {"key": keys[run], THRESHOLD_KIND: kind, **score_splits(own, thresholds, plan)}
        write_record(records[run], results[run], [])
    return results


def _keys(group: list[Tables], plan: dict, files: ReadOnce) -> list[str]:
    """Of each row what its scores are computed from: its tables, and those of the rows that its thresholds may come from."""
    contents = [
        {
            "data": tables.row["data"],
            "predictions": {split: files.digest(path) for split, path in tables.predictions.items()},
            "gold": {split: files.digest(path) for split, path in tables.gold.items()},
        }
        for tables in group
    ]
    common = {
        "group": sorted(map(digest, contents)),
        "folds": plan["folds"],
        "evaluation": plan["evaluation"],
        "program": plan["programs"]["evaluate"],
    }
    return [digest({**content, **common}) for content in contents]


def read_labelled(tables: Tables, labels: list[str], home: Path, files: ReadOnce) -> dict[str, Labelled]:
    """The predictions of each split; without rows where there are none or no gold labels."""
    nothing = np.empty((0, len(labels)))
    splits = dict.fromkeys(SPLITS, Labelled(np.empty(0, dtype=str), nothing, nothing))
    try:
        for split in tables.predictions:
            gold = files.gold(tables.gold[split])
            probabilities = predicted_for(tables.predictions, split, labels, list(gold["id"]))
            if probabilities is not None and has_gold(gold):
                splits[split] = Labelled(gold["id"].to_numpy(dtype=str), probabilities, gold[labels].to_numpy())
    except InputError as error:
        raise _damage_without_digests(tables.row, home, error) from error
    return splits


def score_splits(splits: dict[str, Labelled], tuned: dict[str, np.ndarray], plan: dict) -> dict:
    """Thresholds and metrics of the predictions of a row, by split.

    Args:
        splits: without rows where there is nothing to score.
        tuned: the thresholds (labels,) of each split.
    """
    labels, evaluation = plan["labels"], plan["evaluation"]
    rows = [
        {"split": split, "threshold": kind, **metric}
        for split, labelled in splits.items()
        if len(labelled)
        for kind, values in {"0.5": np.full(len(labels), 0.5), "tuned": tuned[split]}.items()
        for metric in score(
            labelled.probabilities, labelled.gold, values, labels, evaluation["bootstrap"], evaluation["confidence"]
        )
    ]
    return {"thresholds": {split: values.tolist() for split, values in tuned.items()}, "metrics": rows}


def summarise(row: dict, columns: list[str], result: dict, home: Path) -> dict:
    """A row of summary.csv; scores at the tuned threshold unless their name says otherwise."""
    cells = {
        "run": row["run"],
        "kind": row["kind"],
        **{name: row["columns"].get(name) for name in columns},
        "older": " ".join(row["older"]),
    }
    provenance = home / row["folder"] / PROVENANCE
    facts = read_json(provenance) if row["kind"] == "run" else {}
    cells |= {name: facts.get(name) for name in ("trainable_parameters", "train_seconds", "best_epoch")}
    cells[THRESHOLD_KIND] = result[THRESHOLD_KIND]
    cells |= {column: threshold_text(result["thresholds"][split]) for split, column in THRESHOLD_COLUMNS.items()}
    for metric in result["metrics"]:
        if metric["label"] or metric["metric"] not in OVERALL:
            continue
        name = f"{metric['split']}_{metric['metric']}"
        if metric["threshold"] == "tuned":
            cells[name] = metric["value"]
            if metric["metric"] == "macro_f1":
                cells |= {f"{name}_low": metric["low"], f"{name}_high": metric["high"]}
        elif metric["metric"] == "macro_f1":
            cells[f"{name}_at_0.5"] = metric["value"]
    return cells


def average(summary: pd.DataFrame, plan: dict) -> pd.DataFrame:
    """A row a setting: the number of its runs, and mean and standard deviation over seeds and folds of each split's macro-F1."""
    axes = setting_columns(plan)
    scores = [f"{split}_macro_f1" for split in SPLITS if f"{split}_macro_f1" in summary]
    groups = summary.groupby(["kind", *axes], dropna=False, sort=False)
    table = groups.size().rename("runs").to_frame()
    for name in scores:
        table[f"{name}_mean"], table[f"{name}_sd"] = groups[name].mean(), groups[name].std()
    return table.reset_index()


def evaluate(plan: dict, home: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """summary, settings and metrics of all rows of the plan, in its order; summary says of each row to which study it belongs."""
    check_tables(plan, home)
    rows, folders, files = [*plan["rows"], *_others(plan)], prediction_folders(plan, home), ReadOnce()
    by_name = {row["run"]: row for row in rows}
    cells: dict[str, dict] = {}
    metrics: dict[str, list[dict]] = {}
    for group in groups(rows, plan):
        tables = [tables_of(row, folders[row["run"]], home) for row in group]
        for run, result in score_group(tables, plan, home, files).items():
            cells[run] = summarise(by_name[run], plan["columns"], result, home)
            metrics[run] = [{"run": run, **metric} for metric in result["metrics"]]
        if len(cells) % 100 < len(group) or len(cells) == len(rows):
            log(f"{len(cells)} of {len(rows)} prediction folders scored")
    about = dict(zip(ABOUT, (plan["title"], plan["note"], ", ".join(plan["tags"])), strict=True))
    summary = pd.DataFrame(
        [{**cells[run], **about} for run in by_name]
    ).convert_dtypes()  # whole numbers stay whole where a cell is empty
    every = itertools.chain.from_iterable(metrics[run] for run in by_name)
    return summary, average(summary, plan), pd.DataFrame(list(every), columns=METRIC_COLUMNS)


def _damage_without_digests(row: dict, home: Path, error: InputError) -> InputError:
    """What to say of a row that cannot be scored: what has no digests, of an earlier version, is noted and so made again.

    Of gold labels and predictions that do not fit together, the gold labels are made again first: it costs seconds.
    """
    records = [data_folder(home, row["data"]) / CHECKS, home / row["folder"] / PROVENANCE]
    unknown = [record for record in records if record.is_file() and DIGESTS not in read_record(record)[0]]
    if row["kind"] == "other" or not unknown:
        return error
    return InputError(note_damage({unknown[0]: [str(error)]}))


def _others(plan: dict) -> list[dict]:
    """Rows for the predictions under `compare`, judged by the first data of the plan."""
    data = plan["rows"][0]["data"]
    return [
        {"run": name, "kind": "other", "folder": folder, "data": data, "columns": {"encoder": name}, "older": []}
        for name, folder in plan["compare"].items()
    ]
