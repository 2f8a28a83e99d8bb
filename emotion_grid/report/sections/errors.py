"""The section of errors: mistakes by label, confident mistakes, groups of texts, calibration, thresholds."""

import pandas as pd

from emotion_grid.evaluation.calibration import calibration, label_calibration_errors, threshold_curves
from emotion_grid.evaluation.intervals import FEWEST
from emotion_grid.evaluation.mistakes import by_count, by_length, confusion, mistakes, together
from emotion_grid.report.figure import Figure
from emotion_grid.report.figures.confusion import confusion_figure, together_figure
from emotion_grid.report.figures.parts import parts_figure
from emotion_grid.report.figures.probabilities import calibration_figure, thresholds_figure
from emotion_grid.report.reading import Study

NAME, TITLE, TEMPLATE = "errors", "Errors", "sections/errors.html.j2"

LONGEST = 120
"""Characters of a text in a paper's table of mistakes."""


def build(study: Study) -> dict:
    """Mistakes of the best run on the split on which settings are compared."""
    predictions, settings = study.predictions, study.results.plan["evaluation"]
    pairs = together(predictions)
    groups = (
        ("macro-F1", "text length", by_length(predictions, settings["bootstrap"], settings["confidence"])),
        ("all labels right", "number of gold labels", by_count(predictions, settings["confidence"])),
    )
    return {
        "texts": len(predictions.gold),
        "wrong": int((predictions.gold != predictions.predicted).any(1).sum()),
        "confusion": confusion_figure(confusion(predictions)),
        "together": {kind: together_figure(pairs, kind, predictions.labels) for kind in ("gold", "predicted")},
        "missed": mistakes(predictions, "missed"),
        "wrongly": mistakes(predictions, "wrong"),
        "groups": [
            {"name": f"{metric} by {of}", "figure": parts_figure(part, metric, of)} for metric, of, part in groups
        ],
        "fewest": FEWEST,
        "is_threshold_drawn": len(set(predictions.thresholds.tolist())) == 1,
        "calibration": calibration_figure(calibration(predictions)),
        "calibration_errors": label_calibration_errors(predictions),
        "thresholds": thresholds_figure(threshold_curves(predictions), predictions.thresholds.tolist()),
    }


def tables(study: Study) -> dict[str, tuple[pd.DataFrame, str]]:
    """The most confident mistakes of the best run with their texts."""
    rows = [
        {
            "mistake": name,
            "label": row["label"],
            "probability": f"{row['probability']:.3f}",
            "text": row["text"][:LONGEST] + ("…" if len(row["text"]) > LONGEST else ""),
        }
        for name, kind in (("missed", "missed"), ("wrongly predicted", "wrong"))
        for row in mistakes(study.predictions, kind)
    ]
    table = pd.DataFrame(rows, columns=["mistake", "label", "probability", "text"])
    return {"mistakes": (table, f"The best run's most confident mistakes on {study.judge_of_best}.")}


def figures(study: Study) -> dict[str, Figure]:
    """The section's figures."""
    content = build(study)
    return {
        **{name: content[name] for name in ("confusion", "calibration", "thresholds")},
        **{f"together-{kind}": figure for kind, figure in content["together"].items()},
        **{group["name"]: group["figure"] for group in content["groups"]},
    }
