"""The answer: the best run beside the best baseline and the ensembles."""

import pandas as pd

from emotion_grid.evaluation.results import Results, finite_or_none, score_of
from emotion_grid.report.annotators import beside_best
from emotion_grid.report.reading import Study


def headline(study: Study) -> dict:
    """The answer: scores of the best run, the best baseline and the ensembles, the fairest split first: test, where it has gold labels."""
    results = study.results
    best, baseline = results.best, best_baseline(results)
    splits = [
        split for split in ("test", "dev", "validation") if finite_or_none(best.get(f"{split}_macro_f1")) is not None
    ]
    name = results.label(best)
    is_fold = splits[0] == "dev" and study.folds
    return {
        "best": name if "encoder" in results.axis_columns else f"{best['encoder']} · {name}",
        "on": "its held-out fold" if is_fold else splits[0],
        "mean_on": "the held-out folds" if is_fold else splits[0],
        "fair": [study.judge if split == results.judge else split for split in splits if split != "validation"],
        "baseline": None if baseline is None else baseline["encoder"],
        "scores": [
            {
                "split": results.split_name(split),
                "selected": split == "validation",
                "best": score_of(best, split),
                "baseline": None if baseline is None else score_of(baseline, split),
            }
            for split in splits
        ],
        "ensembles": _ensembles(results, splits[0]),
        "settings": _headline_settings(results, baseline, splits[0]),
        "annotators": beside_best(study.annotators, results),
        "chosen_among": int((results.settings["kind"] == "run").sum()),
    }


def best_baseline(results: Results) -> pd.Series | None:
    """The best baseline by validation, of the best run's fold; None without baselines."""
    table, best = results.summary, results.best
    baselines = table[(table["kind"] == "baseline") & (table["fold"] == best["fold"])]
    return None if baselines.empty else baselines.loc[baselines["validation_macro_f1"].fillna(-1).idxmax()]


def _ensembles(results: Results, split: str) -> list[dict]:
    """The ensembles' scores on a split: with folds, on the best run's fold and their means over the folds."""
    rows = results.summary[results.summary["kind"] == "ensemble"]
    return [
        {
            "name": row["encoder"],
            "score": score_of(row, split),
            "mean": _mean_of(results, results.setting_of(row), split) if split == "dev" and row["fold"] else None,
        }
        for _, row in rows[rows["fold"] == results.best["fold"]].iterrows()
    ]


def _headline_settings(results: Results, baseline: pd.Series | None, split: str) -> dict | None:
    """Mean and spread over seeds and folds: of the best run's setting and of the baseline; None if the setting was run once."""
    own = results.setting_of(results.best)
    if own["runs"] < 2:
        return None
    return {
        "own": _mean_of(results, own, split),
        "baseline": None if baseline is None else _mean_of(results, results.setting_of(baseline), split),
    }


def _mean_of(results: Results, setting: pd.Series, split: str) -> dict:
    return {
        "label": results.label(setting, repetitions=False),
        "runs": int(setting["runs"]),
        "mean": finite_or_none(setting[f"{split}_macro_f1_mean"]),
        "sd": finite_or_none(setting[f"{split}_macro_f1_sd"]),
    }
