"""The section of all settings: score and spread of each."""

import pandas as pd

from emotion_grid.evaluation.results import Results, cell_words, finite_or_none, words_of
from emotion_grid.report.figure import Figure
from emotion_grid.report.figures.settings import KINDS, settings_figure
from emotion_grid.report.reading import Study
from emotion_grid.report.verdicts import MARKS, against_best

NAME, TITLE, TEMPLATE = "settings", "All settings", "sections/settings.html.j2"

MOST_SETTINGS = 40
"""Settings in the figure, beside the baselines and other predictions."""


def build(study: Study) -> dict:
    """The figure of all settings; of very many, those that are best by validation."""
    results, compared = study.results, against_best(study.comparison)
    table = results.settings.assign(place=range(len(results.settings)))
    table = table[table[f"{results.score}_mean"].notna()]
    runs, others = table[table["kind"] == "run"], table[table["kind"] != "run"]
    shown = runs.nlargest(MOST_SETTINGS, "validation_macro_f1_mean")
    best = results.setting_of(results.best).name
    rows = [
        {
            "label": results.label(row, repetitions=False),
            "kind": "best" if row.name == best else row["kind"] if row["kind"] in KINDS else "other",
            "mean": row[f"{results.score}_mean"],
            "sd": finite_or_none(row[f"{results.score}_sd"]),
            "verdict": _verdict(compared, results.label(row, repetitions=False)),
        }
        for _, row in pd.concat([shown, others]).sort_values(f"{results.score}_mean", ascending=False).iterrows()
    ]
    return {
        "wide": settings_figure(rows, results.score_name),
        "narrow": settings_figure(rows, results.score_name, narrow=True),
        "kinds": {row["kind"] for row in rows},
        "shown": len(shown),
        "all": len(runs),
        "repeated": bool((table["runs"] > 1).any()),
        "verdicts": {row["verdict"] for row in rows},
    }


def tables(study: Study) -> dict[str, tuple[pd.DataFrame, str]]:
    """A row for each setting, best by validation first: its axes, runs, and mean and standard deviation of its scores."""
    caption = (
        f"All settings, best by validation first: {study.results.score_name}, mean ± standard deviation over runs. ★: the best run's "
        f"setting; ↓, ↑: significantly lower or higher than it; ≈: no evidence of a difference from it; "
        f"?: not tested.{study.caution}"
    )
    return {"settings": (_table(study.results, against_best(study.comparison)), caption)}


def figures(study: Study) -> dict[str, Figure]:
    """All settings, as wide as a page."""
    return {"settings": build(study)["wide"]}


def _verdict(compared: dict[str, tuple[float, str]], label: str) -> str:
    """The verdict on a row against the best run's setting, from the row's own side; empty where none was made."""
    return compared[label][1] if label in compared else ""


def _table(results: Results, compared: dict[str, tuple[float, str]]) -> pd.DataFrame:
    best, rows = results.setting_of(results.best).name, []
    table = results.settings.sort_values("validation_macro_f1_mean", ascending=False, kind="stable")
    for place, row in table.iterrows():
        label = results.label(row, repetitions=False)
        verdict = _verdict(compared, label)
        mark = " ★" if place == best else f" {MARKS[verdict]}" if verdict else ""
        mean, spread = finite_or_none(row[f"{results.score}_mean"]), finite_or_none(row[f"{results.score}_sd"])
        cells = {words_of(name): cell_words(row, name) or "–" for name in results.axis_columns}
        if row["kind"] != "run":
            cells = {**dict.fromkeys(cells, ""), next(iter(cells)): label}
        score = "" if mean is None else f"{mean:.3f}" + ("" if spread is None else f" ± {spread:.3f}")
        rows.append({**cells, "runs": int(row["runs"]), results.score_name: score + mark})
    return pd.DataFrame(rows)
