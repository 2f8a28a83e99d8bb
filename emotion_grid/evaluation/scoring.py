"""Scores of every prediction table of an experiment, and the rows of its tables.

Thresholds are tuned on validation alone. What was scored before is kept in `metrics/` and not scored again.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from emotion_grid.base.digests import digest, file_digest
from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import DIGESTS, find_damage, note_damage, read_record, write_record
from emotion_grid.base.layout import CHECKS, METRICS, data_folder
from emotion_grid.base.messages import InputError, log
from emotion_grid.data.splits import PROVENANCE, SPLITS
from emotion_grid.data.tables import has_gold, match, read_predictions, read_split
from emotion_grid.evaluation.metrics import OVERALL, score
from emotion_grid.evaluation.results import check_tables, prediction_folders, setting_columns
from emotion_grid.evaluation.thresholds import threshold_text, tune_threshold

METRIC_COLUMNS = ["run", "split", "threshold", "metric", "label", "value", "low", "high"]


def score_row(row: dict, folder: Path, plan: dict, home: Path) -> dict:
    """The thresholds and metrics of one row of the plan, whose predictions lie in `folder`; computed or as kept from before."""
    tables = {split: folder / f"{split}.csv" for split in SPLITS if (folder / f"{split}.csv").is_file()}
    gold_folder = data_folder(home, row["data"])
    gold_files = {split: gold_folder / f"{split}.csv" for split in {"validation", *tables}}
    key = digest(
        {
            "predictions": {split: file_digest(path) for split, path in tables.items()},
            "gold": {split: file_digest(path) for split, path in gold_files.items()},
            "evaluation": plan["evaluation"],
            "program": plan["programs"]["evaluate"],
        }
    )
    kept = home / METRICS / f"{row['run']}.json"
    scored, _ = read_record(kept)
    if scored.get("key") == key and DIGESTS in scored and not find_damage(kept):
        return scored
    result = {"key": key, **score_tables(tables, gold_files, plan)}
    write_record(kept, result, [])
    return result


def score_tables(tables: dict[str, Path], gold_files: dict[str, Path], plan: dict) -> dict:
    """Thresholds and metrics of prediction tables, by split.

    Args:
        tables: the prediction table of each split.
        gold_files: the prepared split with the gold labels of each.
    """
    labels, evaluation = plan["labels"], plan["evaluation"]
    pairs = {}
    for split, path in tables.items():
        gold = read_split(gold_files[split])
        probabilities = match(read_predictions(path, labels), gold, str(path))
        if has_gold(gold):
            pairs[split] = probabilities, gold[labels].to_numpy()
    half = np.full(len(labels), 0.5)
    tuned = tune_threshold(*pairs["validation"], evaluation["threshold"]) if "validation" in pairs else half
    thresholds = {"0.5": half, "tuned": tuned}
    rows = [
        {"split": split, "threshold": kind, **metric}
        for split, (probabilities, gold) in pairs.items()
        for kind, values in thresholds.items()
        for metric in score(probabilities, gold, values, labels, evaluation["bootstrap"], evaluation["confidence"])
    ]
    return {"thresholds": thresholds["tuned"].tolist(), "metrics": rows}


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
    cells["threshold"] = threshold_text(result["thresholds"])
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
    """summary, settings and metrics of all rows of the plan, in its order."""
    check_tables(plan, home)
    rows, folders = [*plan["rows"], *_others(plan)], prediction_folders(plan, home)
    summary, metrics = [], []
    for number, row in enumerate(rows, 1):
        try:
            result = score_row(row, folders[row["run"]], plan, home)
        except InputError as error:
            raise _damage_without_digests(row, home, error) from error
        summary.append(summarise(row, plan["columns"], result, home))
        metrics += [{"run": row["run"], **metric} for metric in result["metrics"]]
        if number % 100 == 0 or number == len(rows):
            log(f"{number} of {len(rows)} prediction folders scored")
    table = pd.DataFrame(summary).convert_dtypes()  # whole numbers stay whole where a cell is empty
    return table, average(table, plan), pd.DataFrame(metrics, columns=METRIC_COLUMNS)


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
