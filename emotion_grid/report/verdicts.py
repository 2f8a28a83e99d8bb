"""What the comparisons say, in the words of the report."""

import math
from typing import Any

import pandas as pd

from emotion_grid.evaluation.contrasts import HIGHER, LOWER, SAME, UNTESTED
from emotion_grid.evaluation.power import times_more
from emotion_grid.evaluation.results import EMPTY, VaryingAxis, named_together

MARKS = {LOWER: "↓", HIGHER: "↑", SAME: "≈", UNTESTED: "?"}
"""What stands for a row's verdict in a figure or a table."""

_OTHER_SIDE = {LOWER: HIGHER, HIGHER: LOWER}

_KINDS = {LOWER: "significant", HIGHER: "significant", SAME: "same", UNTESTED: "untested", "": ""}


def against_best(table: pd.DataFrame) -> dict[str, tuple[float, str]]:
    """Each other row compared with the best run's setting, by its label: `row − best` and the verdict from the row's own side.

    comparison.csv has the best run's setting first, so that both are turned here and nowhere else.
    """
    best = table[table["family"] == "best"]
    return {
        label: (-difference, _OTHER_SIDE.get(verdict, verdict))
        for label, difference, verdict in zip(best["second"], best["difference"], best["verdict"], strict=True)
    }


_ORDER = ("significant", "same", "untested")


def axis_findings(table: pd.DataFrame, axes: list[VaryingAxis]) -> list[dict]:
    """A finding for each axis, with the pairs of its levels that were compared.

    `kind` is significant, same (no evidence of a difference), untested (too few repetitions) or open (no two settings differ in this axis
    alone). Only pairs of levels that were compared with all other axes held the same count; `strongest` is the largest difference of
    those with the finding's kind.
    """
    found = []
    for axis in axes:
        rows = [
            in_words(row, axis)
            for _, row in table[(table["family"] == "axis") & (table["axis"] == axis.column)].iterrows()
        ]
        made = [row for row in rows if row["verdict"]]
        clean = [row for row in made if row["is_clean"]]
        kind = next((kind for kind in _ORDER if any(row["kind"] == kind for row in clean)), "open")
        chosen = [row for row in clean if row["kind"] == kind]
        strongest = max(chosen, key=lambda row: abs(row["difference"]), default=None)
        found.append(
            {
                "name": axis.name,
                "is_several": bool(axis.together),
                "kind": kind,
                "significant": len(chosen) if kind == "significant" else 0,
                "clean": len(clean),
                "strongest": strongest,
                "pairs": sorted(made, key=lambda row: -abs(row["difference"])),
                "missing": len(rows) - len(made),
            }
        )
    return sorted(found, key=lambda entry: ((*_ORDER, "open").index(entry["kind"]), -_size(entry["strongest"])))


def _size(row: dict | None) -> float:
    return 0.0 if row is None else abs(row["difference"])


def in_words(row: pd.Series, axis: VaryingAxis | None = None) -> dict[str, Any]:
    """A comparison with the higher side first; of two levels of an axis, `cause` is what the difference may be ascribed to.

    That is the axis with all columns that change together with it, be it always or between these two levels (`is_clean`: only always).
    `kind` is significant, same (no evidence of a difference) or untested; empty if no settings could be compared. `more` says what it
    would take to find half of the difference that the study could have found.
    """
    entry = {name: row[name] for name in ("pairs", "p_corrected", "verdict", "difference", "low", "high", "detectable")}
    first, second = (axis.level_name(row[side]) if axis else row[side] or EMPTY for side in ("first", "second"))
    free = [name for name in row["not_held_same"].split(", ") if name]
    if row["difference"] < 0:
        entry |= {"difference": -row["difference"], "low": -row["high"], "high": -row["low"]}
        first, second = second, first
    return {
        **entry,
        "first": first,
        "second": second,
        "kind": _KINDS[row["verdict"]],
        "more": _what_half_takes(row) if row["verdict"] == SAME else "",
        "is_clean": not free,
        "cause": named_together([axis.column, *axis.together, *free]) if axis else "",
    }


def _what_half_takes(row: pd.Series) -> str:
    """What halves the standard error of a comparison without folds: more seeds, more texts, or both; empty with folds."""
    texts, repeats = row["error_texts"], row["error_repeats"]
    if math.isnan(texts) or texts + repeats == 0:
        return ""
    seeds, rows = times_more(repeats, texts), times_more(texts, repeats)
    ways = [f"{times} times as many {what}" for times, what in ((seeds, "seeds"), (rows, "texts")) if times]
    return " or ".join(ways) or "4 times as many seeds and texts"
