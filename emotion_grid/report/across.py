"""The report of a study on several data sets: what holds on average over the sets, and the way to the report on each."""

import datetime
from dataclasses import dataclass
from typing import Any

import pandas as pd

from emotion_grid.base.layout import REPORT, SETS
from emotion_grid.base.numbers import duration
from emotion_grid.base.version import version
from emotion_grid.data.splits import SPLITS
from emotion_grid.evaluation.across import FEWEST_SETS, Across, label
from emotion_grid.evaluation.contrasts import SAME, UNTESTED
from emotion_grid.evaluation.foresight import seeds_to_test
from emotion_grid.evaluation.results import finite_or_none
from emotion_grid.report.figure import Figure
from emotion_grid.report.figures.sets import sets_figure
from emotion_grid.report.figures.settings import settings_figure
from emotion_grid.report.page import render
from emotion_grid.report.verdicts import against_best, axis_findings, in_words

MOST_SETTINGS = 40
"""Settings in the figure and the table, beside the baselines."""


@dataclass(frozen=True)
class Overview:
    """What the page is built from.

    Attributes:
        across: the study.
        comparison: comparison.csv of the study.
    """

    across: Across
    comparison: pd.DataFrame

    @property
    def plan(self) -> dict:
        """The plan of the first set: what it says of the study holds for all of them."""
        return next(iter(self.across.sets.values())).plan

    @property
    def is_selected(self) -> bool:
        """Whether settings can only be compared on validation, on which they were chosen."""
        return self.across.judge == "validation"

    @property
    def folds(self) -> int | None:
        """Folds of the cross-validation, None without one."""
        return self.plan["folds"]

    @property
    def judge(self) -> str:
        """The split on which settings are compared, in words."""
        split = "the held-out folds" if self.folds and not self.is_selected else self.across.judge
        return f"{split}, averaged over the data sets"

    @property
    def confidence(self) -> str:
        """Coverage of the intervals, such as 95%."""
        return f"{100 * self.plan['evaluation']['confidence']:g}%"

    @property
    def score(self) -> str:
        """The name of the judge's macro-F1 in the table of settings."""
        return f"{self.across.judge}_macro_f1"


def across_page(across: Across, comparison: pd.DataFrame, title: str) -> str:
    """The page.

    Args:
        comparison: comparison.csv of the study.
        title: the study's.
    """
    study = Overview(across, comparison)
    return render(
        "sets.html.j2",
        "report.js",
        title=title,
        study=study,
        note=study.plan["note"],
        facts=_facts(across),
        answer=_answer(study),
        findings=_findings(study),
        cards=_cards(across),
        warnings=_warnings(study),
        settings=_settings(study),
        axes=axis_findings(comparison, across.axes),
        sets=_sets(study),
    )


def _facts(across: Across) -> dict[str, str]:
    encoders = list(dict.fromkeys(across.runs.loc[across.runs["kind"] == "run", "encoder"]))
    return {
        "Encoders" if len(encoders) > 1 else "Encoder": ", ".join(encoders),
        "Data sets": ", ".join(across.sets),
        "Reported": f"{datetime.date.today().isoformat()}, emotion-grid {version()}",
    }


def _cards(across: Across) -> list[dict]:
    runs = across.runs[across.runs["kind"] == "run"]
    settings, labels = (
        across.settings["kind"] == "run",
        dict.fromkeys(name for one in across.sets.values() for name in one.plan["labels"]),
    )
    return [
        {"value": f"{len(across.sets)}", "title": "data sets", "note": f"{len(labels)} labels: {', '.join(labels)}"},
        {
            "value": f"{len(runs):,}",
            "title": "runs",
            "note": f"of {settings.sum():,} settings; {(~settings).sum()} baselines",
        },
        {"value": duration(runs["train_seconds"].sum()), "title": "of training", "note": "sum over all runs"},
    ]


def _means(row: pd.Series) -> dict[str, dict]:
    """Mean and standard deviation over the sets of each split's macro-F1."""
    found = {}
    for split in ("test", "dev", "validation"):
        mean = finite_or_none(row.get(f"{split}_macro_f1_mean"))
        if mean is not None:
            found[split] = {"mean": mean, "sd": finite_or_none(row.get(f"{split}_macro_f1_sd"))}
    return found


def _best_baseline(across: Across) -> pd.Series | None:
    """The baseline with the best mean on validation."""
    baselines = across.settings[across.settings["kind"] == "baseline"]
    return None if baselines.empty else baselines.loc[baselines["validation_macro_f1_mean"].fillna(-1).idxmax()]


def _answer(study: Overview) -> dict:
    across, baseline = study.across, _best_baseline(study.across)
    best = _means(across.best)
    return {
        "best": label(across, across.best),
        "on": next(iter(best)),
        "sets": int(across.best["sets"]),
        "scores": best,
        "baseline": None if baseline is None else label(across, baseline),
        "baseline_scores": {} if baseline is None else _means(baseline),
        "settings": int((across.settings["kind"] == "run").sum()),
    }


def _findings(study: Overview) -> dict:
    across, table, baseline = study.across, study.comparison, _best_baseline(study.across)
    best = table[table["family"] == "best"]
    own = best[best["second"] == label(across, baseline)] if baseline is not None else best.iloc[:0]
    others = [label(across, row) for _, row in across.settings.iterrows() if row["kind"] == "run"]
    found = best[best["second"].isin(others)]
    same, untested = (int((found["verdict"] == verdict).sum()) for verdict in (SAME, UNTESTED))
    return {
        "baseline": None if own.empty or not own.iloc[0]["verdict"] else in_words(own.iloc[0]),
        "axes": axis_findings(table, across.axes),
        "others": None if found.empty else {"tested": len(found) - untested, "same": same, "untested": untested},
        "untested": bool((table["verdict"] == UNTESTED).any()),
        "seeds": seeds_to_test(len(others)),
        "simulated": None,
    }


def _warnings(study: Overview) -> list[str]:
    """What a reader has to know: sets on which nothing is compared, settings that are not on every set, few sets that repeat each other."""
    across = study.across
    warnings = []
    if left := [name for name in across.sets if name not in across.judged]:
        warnings.append(f"Settings are not compared on {', '.join(left)}: dev is not labelled there.")
    partly = across.settings[(across.settings["kind"] == "run") & (across.settings["sets"] < len(across.judged))]
    if len(partly):
        warnings.append(
            f"{len(partly)} settings were not run on every data set; their means are over other sets than those of the rest."
        )
    if (study.comparison["verdict"] == UNTESTED).any() and len(across.judged) < FEWEST_SETS:
        warnings.append(
            f"Settings that were run once are only compared over at least {FEWEST_SETS} data sets, which then repeat each other."
        )
    return warnings


def _settings(study: Overview) -> dict:
    """The settings, best first: their mean over the sets and their score on each."""
    across, verdicts = study.across, against_best(study.comparison)
    table = across.settings[across.settings[f"{study.score}_mean"].notna()]
    runs, others = table[table["kind"] == "run"], table[table["kind"] != "run"]
    shown = pd.concat([runs.nlargest(MOST_SETTINGS, "validation_macro_f1_mean"), others])
    rows = []
    for place, row in shown.sort_values(f"{study.score}_mean", ascending=False).iterrows():
        name = label(across, row)
        rows.append(
            {
                "label": name,
                "kind": "best" if place == across.best.name else row["kind"],
                "mean": row[f"{study.score}_mean"],
                "sd": finite_or_none(row[f"{study.score}_sd"]),
                "verdict": verdicts[name][1] if name in verdicts else "",
                "sets": int(row["sets"]),
                "scores": [finite_or_none(value) for value in across.scores.loc[place]],
            }
        )
    score = f"macro-F1 on {across.judge}, mean over {len(across.judged)} data sets"
    return {
        "rows": rows,
        "score": score,
        "kinds": {row["kind"] for row in rows},
        "verdicts": {row["verdict"] for row in rows},
        "shown": min(len(runs), MOST_SETTINGS),
        "all": len(runs),
        "wide": settings_figure(rows, score),
        "narrow": settings_figure(rows, score, narrow=True),
    }


def _sets(study: Overview) -> dict:
    """The data sets: rows, labels, the best setting's score there beside the best baseline's, and the report on each."""
    across, baseline = study.across, _best_baseline(study.across)
    is_run = (across.settings["kind"] == "run").to_numpy()
    rows: list[dict[str, Any]] = []
    for name, results in across.sets.items():
        scores, best = across.scores[name], results.best
        rows.append(
            {
                "set": name,
                "report": f"{SETS}/{name}/{REPORT}",
                "labels": len(results.plan["labels"]),
                "scores": [value for value in map(finite_or_none, scores[is_run]) if value is not None],
                "best": finite_or_none(scores[across.best.name]),
                "baseline": None if baseline is None else finite_or_none(scores[baseline.name]),
                "own": results.label(best, repetitions=False),
                "own_scores": {split: finite_or_none(best.get(f"{split}_macro_f1")) for split in SPLITS},
            }
        )
    drawn = sorted((row for row in rows if row["scores"]), key=lambda row: row["best"] or 0, reverse=True)
    unions = [
        {
            "set": name,
            "report": f"{SETS}/{name}/{REPORT}",
            **{key: ", ".join(results.plan["united"][key]) for key in ("train_on", "judged_on")},
        }
        for name, results in across.unions.items()
    ]
    figure: Figure | None = sets_figure(drawn, f"macro-F1 on {across.judge}") if drawn else None
    return {"rows": rows, "unions": unions, "figure": figure}
