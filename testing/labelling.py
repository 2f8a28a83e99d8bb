"""A study whose texts can be labelled, without running one."""

from pathlib import Path

import numpy as np

from testing.made import LABELS, made_row, make_texts, write_plan


def make_study(home: Path, dev: int = 120) -> np.ndarray:
    """Prepared splits, of which dev has so many texts, the hostile ones first, and the plan of one run; returns the gold labels of dev."""
    golds = make_texts(home, rows={"train": 10, "validation": 10, "dev": dev, "test": 0})
    write_plan(home, [made_row("a-run", {"encoder": "a"})])
    return golds["dev"]


def choice_of(id_: str) -> list[bool]:
    """What a script says of a text: for each text the same, for most texts another."""
    number = int(id_.rpartition("-")[2])
    return [bool(number >> place & 1) for place in range(len(LABELS))]
