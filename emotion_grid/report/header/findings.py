"""Which differences are significant: between the best run and the baseline or other settings, and between the levels of each axis."""

import pandas as pd

from emotion_grid.evaluation.contrasts import SAME
from emotion_grid.evaluation.results import Results
from emotion_grid.report.header.headline import best_baseline
from emotion_grid.report.reading import Study
from emotion_grid.report.verdicts import axis_findings, in_words


def findings(study: Study) -> dict:
    """`baseline`, `axes` and `others`: the comparisons; `unrepeated`: whether no setting was run with more than one seed or fold."""
    results, comparison = study.results, study.comparison
    runs = results.settings.loc[results.settings["kind"] == "run", "runs"]
    return {
        "baseline": _against_baseline(comparison, best_baseline(results)),
        "axes": axis_findings(comparison, results.axes),
        "others": _against_settings(comparison, results),
        "unrepeated": bool((runs < 2).all()),
    }


def _against_baseline(table: pd.DataFrame, baseline: pd.Series | None) -> dict | None:
    """The best run's setting against the best baseline."""
    if baseline is None:
        return None
    found = table[(table["family"] == "best") & (table["second"] == baseline["encoder"])]
    return None if found.empty else in_words(found.iloc[0])


def _against_settings(table: pd.DataFrame, results: Results) -> dict | None:
    """How many other settings there are, and for how many of them there is no evidence of a difference from the best run's."""
    others = {results.label(row, repetitions=False) for _, row in results.settings.iterrows() if row["kind"] == "run"}
    found = table[(table["family"] == "best") & table["second"].isin(others)]
    if found.empty:
        return None
    return {"all": len(found), "same": int((found["verdict"] == SAME).sum())}
