"""The section of language models: of how many texts each gave an answer, why not of others, and what it cost."""

from collections import Counter
from typing import Any

from emotion_grid.base.files import read_json
from emotion_grid.base.layout import SPEC
from emotion_grid.data.splits import PROVENANCE, SPLITS
from emotion_grid.report.reading import Study

NAME, TITLE, TEMPLATE = "language-models", "Language models", "sections/language_models.html.j2"

REFUSED = "refused"
"""The problem of a text that a model would not label; all others are answers that cannot be read."""


def build(study: Study) -> dict | None:
    """Each language model with the counts of its answers, over all splits and folds; None if the study asked none."""
    models: dict[str, list[tuple[dict, dict]]] = {}
    for row in study.results.plan["rows"]:
        folder = study.results.home / row["folder"]
        record = read_json(folder / PROVENANCE) if (folder / PROVENANCE).is_file() else {}
        if "answers" in record:
            models.setdefault(row["columns"]["encoder"], []).append((read_json(folder / SPEC), record["answers"]))
    return {"rows": [_row(name, found) for name, found in models.items()]} if models else None


def _row(name: str, found: list[tuple[dict, dict]]) -> dict[str, Any]:
    """A row of the table, from the specs and counts of each fold."""
    spec = found[0][0]
    parts = [(split, answers[split]) for _, answers in found for split in SPLITS]
    problems: Counter[str] = Counter()
    for _, part in parts:
        problems.update(part["problems"])
    answered, refused = sum(part["answered"] for _, part in parts), problems.pop(REFUSED, 0)
    return {
        "name": name,
        "model": spec["model"],
        "examples": spec["examples"],
        "texts": answered + refused + problems.total(),
        "answered": answered,
        "weighed": sum(part["weighed"] for _, part in parts),
        "refused": refused,
        "unreadable": problems.total(),
        "why": ", ".join(f"{reason} {count:,}" for reason, count in problems.most_common()),
        "read": sum(part["tokens"]["input"] for _, part in parts),
        "written": sum(part["tokens"]["output"] for _, part in parts),
        "models": ", ".join(sorted({model for _, part in parts for model in part["models"]} - {spec["model"]})),
    }
