"""A checker of submissions to SemEval-2025 Task 11, Track A, written from the description of the task alone: it shares no code with the product.

    A submission is a zip with track_a/pred_<language>.csv, columns id,<Label>… with capital first letters and 0 or 1
    (id,Anger,Disgust,Fear,Joy,Sadness,Surprise). Most languages have six labels; English lacks disgust, Afrikaans lacks surprise.

The labels are those of the language's test file, which is published with the columns id,text,<label>… and empty cells.
"""

import zipfile
from pathlib import Path

import pandas as pd


def faults_of_submission(archive: Path, tests: dict[str, Path]) -> list[str]:
    """What the task would not take; nothing of a right submission.

    Args:
        tests: the published test file of each language that is submitted.
    """
    faults = []
    with zipfile.ZipFile(archive) as packed:
        if packed.testzip() is not None:
            faults.append("a broken archive")
        names = {name for name in packed.namelist() if not name.endswith("/")}
        if names != {f"track_a/pred_{language}.csv" for language in tests}:
            return [*faults, f"files {sorted(names)}"]
        for language, test in tests.items():
            with packed.open(f"track_a/pred_{language}.csv") as file:
                given = pd.read_csv(file, dtype=str, keep_default_na=False)
            asked = pd.read_csv(test, dtype=str, keep_default_na=False)
            labels = [column[0].upper() + column[1:] for column in asked.columns if column not in ("id", "text")]
            if list(given.columns) != ["id", *labels]:
                faults.append(f"{language}: columns {list(given.columns)}")
            elif not given[labels].isin(["0", "1"]).all(axis=None):
                faults.append(f"{language}: cells that are neither 0 nor 1")
            if sorted(given["id"]) != sorted(asked["id"]):
                faults.append(f"{language}: other ids than those of the test file, each once")
    return faults
