"""Which differences are significant: between the best run and the baseline or other settings, and between the levels of each axis."""

import pandas as pd

from emotion_grid.evaluation.contrasts import SAME, UNTESTED
from emotion_grid.evaluation.foresight import seeds_to_test
from emotion_grid.evaluation.results import Results
from emotion_grid.report.header.headline import best_baseline
from emotion_grid.report.header.simulated import simulated
from emotion_grid.report.reading import Study
from emotion_grid.report.verdicts import axis_findings, in_words


def findings(study: Study) -> dict:
    """`baseline`, `axes` and `others`: the comparisons; `untested`: whether some were not tested; `seeds`: of each setting to test all;
    `simulated`: how often verdicts on such studies are right.
    """
    results, comparison = study.results, study.comparison
    return {
        "baseline": _against_baseline(comparison, best_baseline(results)),
        "axes": axis_findings(comparison, results.axes),
        "others": _against_settings(comparison, results),
        "untested": bool((comparison["verdict"] == UNTESTED).any()),
        "seeds": seeds_to_test(int((results.settings["kind"] == "run").sum())),
        "simulated": simulated(study),
    }


def _against_baseline(table: pd.DataFrame, baseline: pd.Series | None) -> dict | None:
    """The best run's setting against the best baseline."""
    if baseline is None:
        return None
    found = table[(table["family"] == "best") & (table["second"] == baseline["encoder"])]
    return None if found.empty else in_words(found.iloc[0])


def _against_settings(table: pd.DataFrame, results: Results) -> dict | None:
    """How many other settings were tested against the best run's, how many of them differ significantly, and how many were not tested."""
    others = {results.label(row, repetitions=False) for _, row in results.settings.iterrows() if row["kind"] == "run"}
    found = table[(table["family"] == "best") & table["second"].isin(others)]
    if found.empty:
        return None
    same, untested = (int((found["verdict"] == verdict).sum()) for verdict in (SAME, UNTESTED))
    return {"tested": len(found) - untested, "same": same, "untested": untested}
