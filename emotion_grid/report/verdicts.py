"""What the comparisons say, in the words of the report."""

from typing import Any

import pandas as pd

from emotion_grid.evaluation.comparison import SAME
from emotion_grid.evaluation.results import VaryingAxis, words_of

EMPTY = "(none)"
"""What stands for an empty cell of an axis: the axis does not apply, or is off."""


def told_apart(table: pd.DataFrame) -> dict[str, str]:
    """The verdict on the best run's setting against each other row, by its label."""
    best = table[table["family"] == "best"]
    return dict(zip(best["second"], best["verdict"], strict=True))


def axis_findings(table: pd.DataFrame, axes: list[VaryingAxis]) -> list[dict]:
    """A finding an axis: `kind` is real, same or open (no settings are alike in all else), with the pairs behind it.

    Only pairs of levels between which all else is held the same decide; `strongest` is the largest difference among those that are
    real or, if none is, among all.
    """
    found = []
    for axis in axes:
        rows = [
            in_words(row) for _, row in table[(table["family"] == "axis") & (table["axis"] == axis.column)].iterrows()
        ]
        made = [row for row in rows if row["verdict"]]
        clean = [row for row in made if not row["not_held_same"]]
        real = [row for row in clean if row["verdict"] != SAME]
        strongest = max(real or clean, key=lambda row: abs(row["difference"]), default=None)
        found.append(
            {
                "name": axis.name,
                "together": [words_of(name) for name in axis.together],
                "kind": "real" if real else "same" if clean else "open",
                "real": len(real),
                "clean": len(clean),
                "strongest": strongest,
                "pairs": sorted(made, key=lambda row: -abs(row["difference"])),
                "missing": len(rows) - len(made),
            }
        )
    return sorted(found, key=lambda entry: (("real", "same", "open").index(entry["kind"]), -_size(entry["strongest"])))


def _size(row: dict | None) -> float:
    return 0.0 if row is None else abs(row["difference"])


def in_words(row: pd.Series) -> dict[str, Any]:
    """A comparison with the higher side first."""
    entry = {name: row[name] for name in ("pairs", "p_corrected", "verdict", "difference", "low", "high")}
    first, second = row["first"] or EMPTY, row["second"] or EMPTY
    if row["difference"] < 0:
        entry |= {"difference": -row["difference"], "low": -row["high"], "high": -row["low"]}
        first, second = second, first
    names = ", ".join(words_of(name) for name in row["not_held_same"].split(", "))
    return {
        **entry,
        "first": first,
        "second": second,
        "is_real": row["verdict"] not in ("", SAME),
        "not_held_same": names,
    }
