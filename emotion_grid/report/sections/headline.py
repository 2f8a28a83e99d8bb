"""The report's first screen: the best run beside the best baseline, the study in a few figures, and what to know before believing them."""

import pandas as pd

from emotion_grid.base.files import read_json
from emotion_grid.base.numbers import duration, span
from emotion_grid.data.splits import SPLITS
from emotion_grid.evaluation.mistakes import read_predicted
from emotion_grid.evaluation.results import Results, finite_or_none, score_of


def headline(results: Results) -> dict:
    """The answer: the best run's scores beside the best baseline's, split by split."""
    best, rival = results.best, _rival(results)
    splits = [
        split for split in ("dev", "test", "validation") if finite_or_none(best.get(f"{split}_macro_f1")) is not None
    ]
    return {
        "best": results.label(best),
        "run": best["run"],
        "rival": None if rival is None else rival["encoder"],
        "scores": [
            {
                "split": results.split_name(split),
                "selected": split == "validation",
                "best": score_of(best, split),
                "rival": None if rival is None else score_of(rival, split),
            }
            for split in splits
        ],
        "confidence": f"{100 * results.plan['evaluation']['confidence']:g}%",
        "settings": _headline_settings(results, rival),
    }


def _rival(results: Results) -> pd.Series | None:
    """The best baseline by validation, of the best run's fold; None without baselines."""
    table, best = results.summary, results.best
    baselines = table[(table["kind"] == "baseline") & (table["fold"] == best["fold"])]
    return None if baselines.empty else baselines.loc[baselines["validation_macro_f1"].fillna(-1).idxmax()]


def _headline_settings(results: Results, rival: pd.Series | None) -> dict | None:
    """Mean and spread over seeds and folds: of the best run's setting, of the baseline, of the best setting if that is another."""
    own = results.setting_of(results.best)
    if own["runs"] < 2:
        return None
    settings = results.settings[results.settings["kind"] == "run"]
    leader = settings.loc[settings["validation_macro_f1_mean"].idxmax()]
    return {
        "own": _mean_of(results, own),
        "rival": None if rival is None else _mean_of(results, results.setting_of(rival)),
        "leader": None if leader.name == own.name else _mean_of(results, leader),
    }


def _mean_of(results: Results, setting: pd.Series) -> dict:
    return {
        "label": results.label(setting, repetitions=False),
        "runs": int(setting["runs"]),
        "mean": finite_or_none(setting[f"{results.score}_mean"]),
        "sd": finite_or_none(setting[f"{results.score}_sd"]),
    }


def cards(results: Results, checks: dict[str, dict]) -> list[dict]:
    """The study in a few figures."""
    runs, others = results.runs, results.summary[results.summary["kind"] != "run"]
    settings = int((results.settings["kind"] == "run").sum())
    labels = results.plan["labels"]
    found = [
        _card(f"{len(runs):,}", "run", len(runs), f"of {settings:,} settings, and {len(others)} rows to compare with"),
        _card(f"{len(labels)}", "label", len(labels), ", ".join(labels)),
    ]
    if checks:
        counts = {results.split_name(split): _row_counts(checks, split) for split in SPLITS}
        note = ", ".join(f"{count} {name}" for name, count in counts.items() if count != "0")
        found.append(_card(_row_counts(checks, "train"), "training row", 2, note))
    return [*found, _card(duration(runs["train_seconds"].sum()), "of training", 1, "all runs, one after another")]


def _card(value: str, title: str, count: int, note: str) -> dict:
    return {"value": value, "title": title + "s" * (count != 1), "note": note}


def _row_counts(checks: dict[str, dict], split: str) -> str:
    return span([found["prepared"][split]["rows"] for found in checks.values()])


def warnings(results: Results, checks: dict[str, dict]) -> list[str]:
    """What a reader has to know before believing the figures."""
    found = [_of_fold(results, key) + text for key, one in checks.items() for text in one["warnings"]]
    overlaps = [one["overlaps"] for key, one in checks.items() if "overlaps" not in _dropped_kinds(results, key)]
    if any(overlaps):
        found.append(
            f"{max(overlaps):,} texts of train stand in dev or test, too, and were not dropped: scores there may be too good "
            "(data.drop: [overlaps] drops them)."
        )
    older = results.summary[results.summary["older"] != ""]
    for parts, rows in older.groupby("older"):
        found.append(
            f"{len(rows)} of {len(results.runs)} runs are results of an older {parts.replace(' ', ' and ')}; the table marks them."
        )
    found += [
        f"The best run never gives the label {label} on {results.split_name(results.judge)}."
        for label, is_given in zip(
            results.plan["labels"], read_predicted(results, results.best["run"]).given.any(0), strict=True
        )
        if not is_given
    ]
    rival = _rival(results)
    if rival is not None and rival[results.score] >= results.best[results.score]:
        found.append(
            f"On {results.split_name(results.judge)} the best run is no better than the baseline {rival['encoder']}."
        )
    return list(dict.fromkeys(found))


def _of_fold(results: Results, key: str) -> str:
    folds = {row["columns"].get("fold") for row in results.plan["rows"] if row["data"] == key} - {None}
    return f"Fold {', '.join(str(fold) for fold in sorted(folds))}: " if folds else ""


def _dropped_kinds(results: Results, key: str) -> list[str]:
    path = results.home / "data" / key / "spec.json"
    return read_json(path)["drop"] if path.is_file() else []
