"""Training on added rows: beside the run's own, or before them."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import load_file, save_file

from emotion_grid.base.digests import file_digest
from emotion_grid.base.files import read_json, whole_folder, write_json
from emotion_grid.base.messages import log
from emotion_grid.data.rows import Rows
from emotion_grid.features.index import Split
from emotion_grid.training.checkpoints import DIGESTS, Checkpoints
from emotion_grid.training.optimisation import positive_weights
from emotion_grid.training.setting import Setting

FIRST = "first"
"""The stage on added rows, and its folder among a run's checkpoints: gone with them, or as soon as a checkpoint of the second stage is there."""

DONE, WEIGHTS, RECORD = "done", "weights.safetensors", "stage.json"
"""What that folder holds when the stage is over: its best epoch's weights, and what the run goes on from."""

Way = Callable[[Setting], Any]
"""From a setting to its training, which has not begun."""


def with_added_rows(setting: Setting, rows: Rows, added: Rows, way: Way) -> Any:
    """A run's training on its own and on added rows; if these come first, it starts from what they have taught.

    Args:
        setting: of the training on the run's own rows.
        rows, added: its own and the added rows.
        way: of training.
    """
    how = setting.spec["data"]["added"]
    if how["stage"] != FIRST:
        return way(_joined(setting, rows, added, how["weight"]))
    home = setting.checkpoints.home / FIRST
    if setting.checkpoints.latest() is not None:
        return way(setting)
    if not (home / DONE).is_dir():
        _train_first(setting, added, way, home)
    training = way(setting)
    training.load(load_file(home / DONE / WEIGHTS))
    training.progress.restore({**training.progress.state(), **read_json(home / DONE / RECORD)})
    return training


def _joined(setting: Setting, rows: Rows, added: Rows, weight: float) -> Setting:
    """A setting whose training rows are followed by added ones, whose loss has a weight."""
    gold = np.concatenate([rows.gold, added.gold])
    both = Rows([*rows.ids, *added.ids], [*rows.texts, *added.texts], rows.labels, gold)
    weights = None if weight == 1 else np.repeat([1.0, weight], [len(rows), len(added)])
    log(f"{len(added):,} added rows, beside the run's own")
    return _on(setting, Split(both, setting.index, weights), gold)


def _on(setting: Setting, train: Split, gold: np.ndarray, **changes: Any) -> Setting:
    """A setting with other training rows; class weights are theirs."""
    weights = None if setting.class_weights is None else positive_weights(gold)
    return dataclasses.replace(setting, splits={**setting.splits, "train": train}, class_weights=weights, **changes)


def _train_first(setting: Setting, added: Rows, way: Way, home: Path) -> None:
    """Train on added rows alone, from their last checkpoint if there is one, and keep the best epoch's weights."""
    spec = {**setting.spec, "training": first_values(setting.spec)}
    checkpoints = Checkpoints(home, setting.checkpoints.conditions)
    stage = way(_on(setting, Split(added, setting.index), added.gold, spec=spec, checkpoints=checkpoints))
    log(f"first stage: {len(added):,} added rows, epochs: {spec['training']['epochs']}")
    stage.fit()
    setting.checkpoints.starts = checkpoints.starts
    log(
        f"first stage: best epoch {stage.best.epoch}, validation macro-F1 {stage.best.score:.4f} at 0.5; now the run's own rows"
    )
    with whole_folder(home / DONE) as partial:
        save_file(stage.best.weights, partial / WEIGHTS)
        write_json(partial / RECORD, {"seconds": stage.progress.seconds})
        write_json(partial / DIGESTS, {path.name: file_digest(path) for path in list(partial.iterdir())})
    checkpoints.end_if_told(stage.progress.epochs * stage.progress.steps)


def first_values(spec: dict) -> dict:
    """The training values of the first stage: its own epochs and learning rate; the head's rate is changed by the same factor."""
    training, how = spec["training"], spec["data"]["added"]
    values = {**training, "epochs": how["epochs"], "early_stopping": None}
    if how["learning_rate"] is None:
        return values
    factor = how["learning_rate"] / training["learning_rate"]
    return {
        **values,
        "learning_rate": how["learning_rate"],
        "head_learning_rate": training["head_learning_rate"] * factor,
    }
