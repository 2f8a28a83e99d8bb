"""What the screen shows when a study has succeeded: the best run, its scores, and where the report is."""

import csv
from pathlib import Path

from emotion_grid.base.layout import MODELS_TABLE, REPORT, SUMMARY_TABLE
from emotion_grid.data.splits import SPLITS


def explain_success(home: Path) -> str:
    """The best run of the best setting with its macro-F1, and the report's path; empty where the tables are not there.

    Args:
        home: the experiment's folder of results.
    """
    paths = [home / name for name in (SUMMARY_TABLE, MODELS_TABLE, REPORT)]
    if not all(path.is_file() for path in paths):
        return ""
    with paths[1].open(newline="", encoding="utf-8") as table:
        best = next((row["run"] for row in csv.DictReader(table) if row.get("best") == "True"), "")
    with paths[0].open(newline="", encoding="utf-8") as table:
        row = next((row for row in csv.DictReader(table) if row.get("run") == best), {})
    scores = [f"{split} {float(row[name]):.3f}" for split in SPLITS if row.get(name := f"{split}_macro_f1")]
    return (
        f"\nBest run of the best setting by validation: {best}\nMacro-F1: {', '.join(scores)}\nReport: {paths[2]}\n"
        if scores
        else ""
    )
