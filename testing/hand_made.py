"""Tables, and an experiment of them, so small that their scores are known by hand."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_grid.base.cli import run_program
from emotion_grid.base.files import write_json
from emotion_grid.data.rows import write_predictions
from emotion_grid.data.tables import write_split
from scripts import evaluate
from scripts import keep_models as models

GOLD4 = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=float)
LABELS = ["joy", "fear"]

ALL_RIGHT = np.where(GOLD4 > 0, 0.9, 0.1)
ONE_WRONG = ALL_RIGHT.copy()
ONE_WRONG[2, 0] = 0.1  # joy is missed in the third row: macro-F1 is (2/3 + 1) / 2
SHIFTED = np.where(GOLD4 > 0, 0.4, 0.1)  # all right from 0.11 to 0.4, all wrong at 0.5
EVERYTHING = np.full((4, 2), 0.9)  # F1 is 2/3 for each label


def write_gold(path: Path, prefix: str, gold: np.ndarray) -> None:
    """A prepared split with these gold labels, its ids `prefix` and a number."""
    table = pd.DataFrame(gold, columns=LABELS)
    table.insert(0, "text", [f"text {n}" for n in range(len(gold))])
    table.insert(0, "id", [f"{prefix}{n}" for n in range(len(gold))])
    write_split(table, path)


def write_tables(folder: Path, **tables: np.ndarray) -> None:
    """A prediction table for each split named, its ids the split's first letter and a number."""
    for split, values in tables.items():
        write_predictions(folder / f"{split}.csv", [f"{split[0]}{n}" for n in range(len(values))], LABELS, values)


class Experiment:
    """A hand-made experiment: three runs (two seeds of one setting), a baseline and another team's predictions."""

    def __init__(self, home: Path):
        self.home = home
        for split in ("validation", "dev"):
            write_gold(home / "data" / "d1" / f"{split}.csv", split[0], GOLD4)
        write_gold(home / "data" / "d1" / "test.csv", "t", np.full((4, 2), np.nan))
        self.rows = []
        self.add("run", "low_seed-1_a", {"freeze": 0, "seed": 1}, ALL_RIGHT, ONE_WRONG)
        self.add("run", "low_seed-2_b", {"freeze": 0, "seed": 2}, ONE_WRONG, ALL_RIGHT, older=["program", "lock"])
        self.add("run", "high_seed-1_c", {"freeze": "all", "seed": 1}, SHIFTED, SHIFTED)
        self.add("baseline", "most-frequent_d", {"encoder": "most-frequent"}, EVERYTHING, EVERYTHING)
        write_tables(home / "team", dev=ONE_WRONG[::-1], test=ALL_RIGHT)  # no validation
        lines = (home / "team" / "dev.csv").read_text().splitlines()
        order = [lines[0], *(f"d{3 - n},{line.split(',', 1)[1]}" for n, line in enumerate(lines[1:]))]
        (home / "team" / "dev.csv").write_text("\n".join(order) + "\n")
        self.write()

    def add(self, kind, name, columns, validation, dev, older=()):
        folder = f"{kind}s/{name}"
        write_tables(self.home / folder / "predictions", validation=validation, dev=dev, test=dev)
        if kind == "run":
            facts = {"trainable_parameters": 12345, "train_seconds": 1.5, "best_epoch": 3}
            write_json(self.home / folder / "provenance.json", facts)
        columns = {"encoder": "small", **columns}
        self.rows.append(
            {"run": name, "kind": kind, "folder": folder, "data": "d1", "columns": columns, "older": list(older)}
        )

    def write(self, **changes) -> None:
        self.plan = {
            "experiment": "tiny",
            "rows": self.rows,
            "columns": ["encoder", "freeze", "seed"],
            "labels": LABELS,
            "folds": None,
            "united": None,
            "compare": {"team": str(self.home / "team")},
            "evaluation": {"threshold": "global", "bootstrap": 100, "confidence": 0.9},
            "keep_models": "best",
            "explained": None,
            "repetitions": ["seed", "fold"],
            "derived": ["head_units"],
            "files": {"train": "data/train.csv", "dev": "data/dev.csv"},
            "title": "tiny",
            "note": "",
            "tags": [],
            "programs": {"evaluate": "e1", "report": "r1"},
            **changes,
        }
        write_json(self.home / "plan.json", self.plan)

    def evaluate(self, monkeypatch, status=0) -> pd.DataFrame:
        command = ["evaluate", "--plan", str(self.home / "plan.json"), "--output", str(self.home)]
        monkeypatch.setattr(sys, "argv", command)
        assert run_program(evaluate.main) == status
        return self.table("summary").set_index("run") if status == 0 else None

    def models(self, monkeypatch) -> pd.DataFrame:
        monkeypatch.setattr(sys, "argv", ["models", "--results", str(self.home)])
        assert run_program(models.main) == 0
        return self.table("models").set_index("run")

    def table(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.home / f"{name}.csv")


def train_rows(texts: list[str], joy: list[int], fear: list[int]) -> pd.DataFrame:
    """Rows to train a baseline on."""
    return pd.DataFrame({"text": texts, "joy": np.array(joy, float), "fear": np.array(fear, float)})


TRAIN = train_rows(["happy sun", "happy day", "dark night", "dark day"] * 5, [1, 1, 0, 0] * 5, [0, 0, 0, 1] * 5)
