"""A study's raw tables, in which everything is wrong that `prepare` counts."""

import csv
from pathlib import Path

from emotion_grid.base.digests import file_digest

LABELS = ["joy", "fear"]
TRAIN = [
    ("1", "same", "10"),
    ("2", "same", "10"),  # duplicate of 1
    ("3", "torn", "10"),
    ("4", "torn", "01"),  # contradicts 3
    ("5", "torn", "10"),  # duplicate of 3, contradicts 4
    ("6", "in dev", "00"),
    ("7", "in  test ", "01"),  # overlaps once it is cleaned
    *((str(n), f"plain text {n}", f"{n % 2}{n % 3 // 2}") for n in range(8, 28)),
]
DEV = [("d1", "in dev", "10"), ("d2", "only dev", "01")]
TEST = [("t1", "in test", ""), ("t2", "only test", "")]


def make_raw(folder: Path, train=TRAIN, dev=DEV, test=TEST, **values: object) -> tuple[dict, dict[str, str]]:
    """The spec of tables of these rows (None: the study has no such split), written to a folder, and their paths."""
    paths = {}
    for split, rows in {"train": train, "dev": dev, "test": test}.items():
        if rows is None:
            continue
        paths[split] = str(folder / f"{split}-raw.csv")
        with open(paths[split], "w", encoding="utf-8", newline="") as file:
            cells = [(id_, text, *(gold or ["", ""])) for id_, text, gold in rows]
            csv.writer(file).writerows([("id", "text", *LABELS), *cells])
    spec = {
        "files": {split: file_digest(path) for split, path in paths.items()},
        "labels": LABELS,
        "validation": 0.2,
        "split_seed": 1,
        "clean": ["nfc", "whitespace"],
        "drop": [],
        "folds": None,
        "fold": None,
        **values,
    }
    return spec, paths
