"""The page of two studies side by side."""

import datetime

import pandas as pd

from emotion_grid.base.version import version
from emotion_grid.evaluation.results import Results, finite_or_none, words_of
from emotion_grid.evaluation.two_studies import ALL, SAME_RUNS, TwoStudies, shared_runs, unmatched
from emotion_grid.report.page import render
from emotion_grid.report.verdicts import in_words

MOST_RUNS = 200
"""Runs of both studies that are listed."""


def two_studies_page(
    two: TwoStudies, matched: pd.DataFrame, differing: list[tuple[str, str, str]] | None, names: tuple[str, str]
) -> str:
    """The page.

    Args:
        two: the studies.
        matched: the settings that both ran (`matched_settings`).
        differing: what differs in their configs: path, and both values; None if a config is not known.
        names: of the studies.
    """
    shared = shared_runs(two)
    return render(
        "two_studies.html.j2",
        "report.js",
        title=f"{names[0]} and {names[1]}",
        names=names,
        two=two,
        facts={"Compared": f"{datetime.date.today().isoformat()}, emotion-grid {version()}"},
        score=two.studies[0].split_name(two.judge),
        confidence=f"{100 * two.studies[0].plan['evaluation']['confidence']:g}%",
        best=[_best(one, two.score) for one in two.studies],
        free=[words_of(name) for name in two.free],
        differing=differing,
        together=_together(matched),
        rows=_rows(matched, names),
        unmatched=unmatched(two),
        shared={"rows": shared.head(MOST_RUNS).to_dict("records"), "all": len(shared), "other": _other_scores(shared)},
    )


def _best(results: Results, score: str) -> dict:
    """The best run of a study by validation, and how many runs and settings it was chosen from."""
    settings = results.settings[results.settings["kind"] == "run"]
    return {
        "label": results.label(results.best),
        "score": finite_or_none(results.best.get(score)),
        "runs": len(results.runs),
        "settings": len(settings),
    }


def _rows(matched: pd.DataFrame, names: tuple[str, str]) -> list[dict]:
    """The matched settings, the best in either study first."""
    if matched.empty:
        return []
    single = matched[matched["setting"] != ALL]
    order = single[["first_mean", "second_mean"]].max(axis=1).sort_values(ascending=False).index
    return [
        {
            "setting": row["setting"],
            "kind": row["kind"],
            "first": {"mean": row["first_mean"], "sd": finite_or_none(row["first_sd"]), "runs": int(row["first_runs"])},
            "second": {
                "mean": row["second_mean"],
                "sd": finite_or_none(row["second_sd"]),
                "runs": int(row["second_runs"]),
            },
            "difference": row["difference"],
            "verdict": _words(row["verdict"], names),
        }
        for _, row in single.loc[order].iterrows()
    ]


def _words(verdict: str, names: tuple[str, str]) -> str:
    """A verdict on the second study's side, in words."""
    words = {"higher": f"significantly higher in {names[1]}", "lower": f"significantly lower in {names[1]}"}
    return words.get(verdict, verdict)


def _together(matched: pd.DataFrame) -> dict | None:
    """What is said of all settings together, with the number of settings behind it; None if nothing was tested."""
    rows = matched[matched["setting"] == ALL] if len(matched) else matched
    if rows.empty:
        return None
    sides = {"axis": "", "first": "second", "second": "first", "pairs": 1, "not_held_same": ""}
    found = in_words(pd.Series({**rows.iloc[0].to_dict(), **sides}))
    own = matched[(matched["kind"] == "run") & (matched["verdict"] != SAME_RUNS)]
    return {**found, "settings": len(own), "higher": 1 if found["first"] == "second" else 0}


def _other_scores(shared: pd.DataFrame) -> int:
    """How many runs have another score in one study than in the other: their thresholds or gold labels differ."""
    return int(((shared["first"] - shared["second"]).abs() > 1e-9).sum())
