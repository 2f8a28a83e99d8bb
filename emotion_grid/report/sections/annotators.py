"""The section of annotators: how far they agree, their scores beside the models', and where models and people disagree most."""

from pathlib import Path

import pandas as pd

from emotion_grid.evaluation.annotators import ALL, EVERYONE, ONE
from emotion_grid.evaluation.results import finite_or_none
from emotion_grid.report.annotators import Annotators, score_cell
from emotion_grid.report.figure import Figure
from emotion_grid.report.figures.annotators import annotators_figure
from emotion_grid.report.reading import Study

NAME, TITLE, TEMPLATE = "annotators", "Annotators", "sections/annotators.html.j2"

MOST_ROWS = 15
"""Settings in the figure, beside the annotators, the baselines and other predictions."""

MOST_TEXTS = 12
"""Texts to show: of the disagreements, and of those that are none of the study."""


def build(study: Study) -> dict | None:
    """Agreement, scores and disagreements; None without annotators."""
    found = study.annotators
    if found is None:
        return None
    everyone, beside = found.on(ALL), found.on(study.results.judge)
    strangers = found.texts[found.texts["joined"] != "True"]
    rows = _beside(study, beside)
    return {
        "file": Path(study.results.plan["annotators"]["file"]).name,
        "texts": len(found.texts),
        "joined": len(found.texts) - len(strangers),
        "counts": found.texts["how"].value_counts().to_dict(),
        "strangers": strangers.head(MOST_TEXTS).to_dict("records"),
        "labels": _labels(study, found),
        "people": [_score(row) for _, row in everyone[everyone["kind"] == ONE].iterrows()],
        "ceiling": score_cell(everyone[everyone["kind"] == EVERYONE].iloc[0]),
        "beside": rows,
        "figure": annotators_figure(_drawn(rows), f"macro-F1 on {study.results.split_name(study.results.judge)}")
        if rows
        else None,
        "disagreements": _disagreements(study, found),
        "disagreeing": len(found.disagreements),
    }


def _labels(study: Study, found: Annotators) -> list[dict]:
    """Of each label alpha, and over all pairs of annotators the share of equal answers and kappa, with their smallest and largest value."""
    rows = []
    for label in study.results.plan["labels"]:
        own = found.agreement[found.agreement["label"] == label]
        alpha = own[own["metric"] == "alpha"].iloc[0]
        interval = {part: finite_or_none(alpha[part]) for part in ("value", "low", "high")}
        cells = {"label": label, "texts": int(alpha["texts"]), "alpha": {**interval, "caution": ""}}
        for metric in ("equal", "kappa"):
            pairs = own[(own["metric"] == metric) & own["value"].notna()]
            mean = (pairs["value"] * pairs["texts"]).sum() / pairs["texts"].sum() if len(pairs) else None
            low, high = (float(pairs["value"].min()), float(pairs["value"].max())) if len(pairs) > 1 else (None, None)
            cells[metric] = {"value": mean, "low": low, "high": high, "caution": ""}
        rows.append(cells)
    return rows


def _score(row: pd.Series) -> dict:
    return {"name": row["name"], "rows": int(row["rows"]), "score": score_cell(row)}


def _beside(study: Study, table: pd.DataFrame) -> list[dict]:
    """Annotators and rows on the texts that both labelled, best first; of very many settings those that are best there by validation."""
    results = study.results
    best = results.label(results.best, repetitions=False)
    runs = results.settings[results.settings["kind"] == "run"].nlargest(MOST_ROWS, "validation_macro_f1_mean")
    shown = {results.label(row, repetitions=False) for _, row in runs.iterrows()}
    table = table[(table["kind"] != "run") | table["name"].isin(shown)]
    return [
        {
            "name": "one annotator" if row["kind"] == EVERYONE else row["name"],
            "kind": "best" if (row["kind"], row["name"]) == ("run", best) else row["kind"],
            "score": score_cell(row),
            "difference": finite_or_none(row["difference"]),
            "low": finite_or_none(row["difference_low"]),
            "high": finite_or_none(row["difference_high"]),
            "gold": finite_or_none(row["gold_macro_f1"]),
            "rows": int(row["rows"]),
        }
        for _, row in table.sort_values("macro_f1", ascending=False, kind="stable").iterrows()
    ]


def _drawn(rows: list[dict]) -> list[dict]:
    return [{"label": row["name"], "kind": row["kind"], **row["score"]} for row in rows]


def _disagreements(study: Study, found: Annotators) -> list[dict]:
    """The disagreements that are furthest apart, with their texts."""
    texts = study.predictions.table.set_index("id")["text"]
    return [{**row, "text": texts[row["id"]]} for row in found.disagreements.head(MOST_TEXTS).to_dict("records")]


def tables(study: Study) -> dict[str, tuple[pd.DataFrame, str]]:
    """A row for each label: how far the annotators agree. None without annotators."""
    if study.annotators is None:
        return {}
    rows = [
        {
            "label": row["label"],
            "texts": row["texts"],
            **{
                name: _cell(row[key])
                for name, key in (("alpha", "alpha"), ("equal answers", "equal"), ("kappa", "kappa"))
            },
        }
        for row in _labels(study, study.annotators)
    ]
    caption = (
        f"Agreement of annotators: Krippendorff's alpha with its {study.confidence} interval; the share of equal answers and Cohen's kappa, "
        "mean over pairs of annotators and range."
    )
    return {"agreement": (pd.DataFrame(rows), caption)}


def _cell(one: dict) -> str:
    if one["value"] is None:
        return ""
    return f"{one['value']:.3f}" + ("" if one["low"] is None else f" ({one['low']:.3f} to {one['high']:.3f})")


def figures(study: Study) -> dict[str, Figure]:
    """Annotators beside the rows."""
    content = build(study)
    return {"annotators": content["figure"]} if content and content["figure"] else {}
