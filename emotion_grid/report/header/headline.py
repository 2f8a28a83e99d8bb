"""The answer: the best run beside the best baseline."""

import pandas as pd

from emotion_grid.evaluation.results import Results, finite_or_none, score_of
from emotion_grid.report.reading import Study


def headline(study: Study) -> dict:
    """The answer: the best run's scores beside the best baseline's, split by split."""
    results = study.results
    best, baseline = results.best, best_baseline(results)
    splits = [
        split for split in ("dev", "test", "validation") if finite_or_none(best.get(f"{split}_macro_f1")) is not None
    ]
    return {
        "best": results.label(best),
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
        "settings": _headline_settings(results, baseline),
    }


def best_baseline(results: Results) -> pd.Series | None:
    """The best baseline by validation, of the best run's fold; None without baselines."""
    table, best = results.summary, results.best
    baselines = table[(table["kind"] == "baseline") & (table["fold"] == best["fold"])]
    return None if baselines.empty else baselines.loc[baselines["validation_macro_f1"].fillna(-1).idxmax()]


def _headline_settings(results: Results, baseline: pd.Series | None) -> dict | None:
    """Mean and spread over seeds and folds: of the best run's setting, of the baseline, of the best setting if that is another."""
    own = results.setting_of(results.best)
    if own["runs"] < 2:
        return None
    settings = results.settings[results.settings["kind"] == "run"]
    leader = settings.loc[settings["validation_macro_f1_mean"].idxmax()]
    return {
        "own": _mean_of(results, own),
        "baseline": None if baseline is None else _mean_of(results, results.setting_of(baseline)),
        "leader": None if leader.name == own.name else _mean_of(results, leader),
    }


def _mean_of(results: Results, setting: pd.Series) -> dict:
    return {
        "label": results.label(setting, repetitions=False),
        "runs": int(setting["runs"]),
        "mean": finite_or_none(setting[f"{results.score}_mean"]),
        "sd": finite_or_none(setting[f"{results.score}_sd"]),
    }
