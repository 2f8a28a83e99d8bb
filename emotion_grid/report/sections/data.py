"""The section of the data: what its checks found."""

from emotion_grid.base.numbers import span
from emotion_grid.data.splits import ADDED, SPLITS
from emotion_grid.report.reading import Study

NAME, TITLE, TEMPLATE = "data", "Data", "sections/data.html.j2"


ADDED_FINDINGS = {
    "rows": "added rows that runs train on",
    "leaks": "added rows dropped, since their text stands in validation, dev or test, or nearly does",
}
"""What is said of added rows, where there are some."""


def build(study: Study) -> dict | None:
    """Facts about each split, rows with each label, and findings; ranges over folds. None if the data have no checks."""
    results, checks = study.results, study.checks
    if not checks:
        return None
    parts: dict[str, list[dict]] = {}
    for split in ("train", *SPLITS):
        found = [one["prepared"][split] for one in checks.values() if one["prepared"][split]["rows"]]
        if found:
            parts[split] = found
    names = {
        "rows": "rows",
        "rows_without_label": "rows without any label",
        "duplicate_texts": "texts that occur more than once",
        "words_median": "words in a text, median",
        "words_max": "words in the longest text",
        "near_duplicates": "texts that nearly occur in train",
    }
    findings = {
        "duplicates": "training rows with the text and labels of an earlier row",
        "contradictions": "training rows whose text also occurs in train with other labels",
        "overlaps": "training rows whose text also occurs in dev or test",
        "dropped": "training rows dropped for one of these reasons",
    }
    added = [one[ADDED] for one in checks.values() if ADDED in one]
    return {
        "unspaced": any(one.get("unspaced") for one in checks.values()),
        "splits": [results.split_name(split) for split in parts],
        "facts": [
            {"name": words, "cells": [span([one[key] for one in found if key in one]) for found in parts.values()]}
            for key, words in names.items()
        ],
        "positives": [
            {"label": label, "cells": [_share(found, label) for found in parts.values()]}
            for label in results.plan["labels"]
        ],
        "findings": [
            *({"name": words, "value": span([one[key] for one in checks.values()])} for key, words in findings.items()),
            *(
                {"name": words, "value": span([one[key] for one in added])}
                for key, words in ADDED_FINDINGS.items()
                if added
            ),
        ],
    }


def _share(found: list[dict], label: str) -> dict:
    """Positive rows of a label, and their share in percent of the rows that are annotated for it; empty without gold labels."""
    labelled = [one for one in found if "positives" in one]
    positives, known = ([one[kind][label] for one in labelled] for kind in ("positives", "known"))
    if not labelled:
        return {"count": "", "share": ""}
    if not any(known):
        return {"count": "", "share": "not annotated"}
    of = f" of {span(known)} annotated" if known != [one["rows"] for one in labelled] else ""
    return {"count": span(positives), "share": f"{100 * sum(positives) / sum(known):.0f}%{of}"}
