"""Interrupted training continues as if nothing had been; batches that do not fit are computed in parts."""

import errno
import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from emotion_grid.data.tables import write_split
from emotion_grid.model.classifier import EmotionClassifier
from emotion_grid.training import checkpoints, head_training
from emotion_grid.training import fine_tuning as training
from emotion_grid.training import optimisation as fitting
from emotion_grid.training.progress import Best
from emotion_grid.training.run import Job, train
from testing.classifiers import annotate_partly
from testing.disks import leave_room

LABELS = ["anger", "fear", "joy"]
STEPS = 5
"""Optimiser steps in an epoch of `data`."""

KINDS = {
    "full": {},
    "half frozen": {"freeze": 2},
    "lora": {"lora": {"rank": 2, "alpha": 4, "dropout": 0.2}},
    "all frozen": {"freeze": "all"},
    "cached half": {"freeze": 2},
    "cached vectors": {"freeze": "all", "head": {"type": "mlp", "size": 12}},
    "cached states": {"freeze": "all"},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder, random = tmp_path_factory.mktemp("data"), np.random.default_rng(3)
    for split, rows in {"train": 18, "validation": 12, "dev": 6, "test": 5}.items():
        table = pd.DataFrame({"id": [f"{split}-{row}" for row in range(rows)]})
        table["text"] = [" ".join(f"w{n}" for n in random.integers(0, 90, random.integers(2, 14))) for _ in range(rows)]
        for label in LABELS:
            table[label] = (random.random(rows) < 0.5).astype(float)
        write_split(table, folder / f"{split}.csv")
    return folder


@pytest.fixture(scope="module")
def partly(data, tmp_path_factory):
    """The same splits, but many rows are not annotated for some labels."""
    folder = tmp_path_factory.mktemp("partly")
    annotate_partly(data, folder)
    return folder


@pytest.fixture
def start(encoders, make_spec, data, tokens_of, features_of, tmp_path):
    """Call to start (again) a run of three epochs of `STEPS` steps; returns the folder of its results."""

    def run(name="run", keep="all", kind=None, data=data, **values):
        axes = {"head": {"type": "attention", "size": 12, "heads": 2}, **KINDS[kind or "full"]}
        defaults = {"epochs": 3, "batch_size": 4, "learning_rate": 3e-3}
        spec = make_spec(encoders("bert"), **axes, **{**defaults, **values})
        output, tokens = tmp_path / name, tokens_of(data, encoders("bert"))
        features = features_of(spec, tokens, encoders("bert")) if "cached" in (kind or "") else None
        train(Job(spec, data, tokens, encoders("bert"), output, 1, keep, features))
        return output

    return run


def results(output) -> dict:
    """All that must not depend on interruptions: bytes of the predictions, the history without its seconds, the weights."""
    tables = {path.name: path.read_bytes() for path in (output / "predictions").iterdir()}
    history = pd.read_csv(output / "history.csv").drop(columns="seconds").to_dict("list")
    return {**tables, "history": history}


def weights(output) -> dict[str, torch.Tensor]:
    return load_file(output / "model" / "model.safetensors")


@pytest.fixture
def stop_at(monkeypatch):
    """Call with a step: the process gets SIGTERM while it computes the step, as Slurm sends it."""

    def stop(step: int) -> None:
        original = fitting.seed_step

        def stopping(seed, number):
            if number + 1 == step:
                os.kill(os.getpid(), signal.SIGTERM)
            original(seed, number)

        for module in (training, head_training):
            monkeypatch.setattr(module, "seed_step", stopping)

    return stop


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", [STEPS + 2, 2 * STEPS], ids=["middle", "end"])
def test_a_stopped_run_continues_bit_for_bit(start, stop_at, monkeypatch, kind, step):
    """In the middle of an epoch and at its end: predictions, history and model are those of an undisturbed run."""
    undisturbed = start("undisturbed", kind=kind)
    with monkeypatch.context() as patch:
        stop_at(step)
        with pytest.raises(SystemExit) as stopped:
            start(kind=kind)
        patch.undo()
    assert stopped.value.code == 128 + signal.SIGTERM
    assert [path.name for path in (undisturbed.parent / "run").iterdir()] == ["checkpoint"]
    torch.manual_seed(99)
    continued = start(kind=kind)
    assert results(continued) == results(undisturbed)
    assert all(torch.equal(tensor, weights(undisturbed)[name]) for name, tensor in weights(continued).items())
    provenance = json.loads((continued / "provenance.json").read_text())
    assert provenance["starts"] == 2
    assert not (continued / "checkpoint").exists()


def test_a_continued_run_repeats_no_step(start, stop_at, monkeypatch):
    steps = []
    original = training.EmotionTrainer._try_step
    monkeypatch.setattr(
        training.EmotionTrainer,
        "_try_step",
        lambda self, *args: steps.append(self.state.global_step) or original(self, *args),
    )
    stop_at(7)
    with pytest.raises(SystemExit):
        start()
    start()
    assert steps == list(range(3 * STEPS))


def test_a_kill_without_warning_costs_what_came_after_the_last_checkpoint(start, monkeypatch):
    """Fault: a checkpoint that is written in place is half of the old and half of the new one after a kill."""
    undisturbed = start("undisturbed")
    monkeypatch.setattr(checkpoints, "SECONDS_BETWEEN_CHECKPOINTS", 0)
    original = fitting.save_file

    def dying(tensors, path):
        if path.name == "best.safetensors" and "8" in path.parent.name.split("."):
            raise KeyboardInterrupt
        original(tensors, path)

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "save_file", dying)
        with pytest.raises(KeyboardInterrupt):
            start()
    folder = undisturbed.parent / "run" / "checkpoint"
    assert [path.name for path in folder.iterdir()] == ["7"]
    (folder / ".9.half").mkdir()
    shutil.copytree(folder / "7", folder / ".6")  # its removal was cut off
    (folder / ".6" / "optimizer.pt").unlink()
    assert results(start()) == results(undisturbed)


@pytest.mark.parametrize(("kind", "steps"), [("full", 40_000), ("cached vectors", 4096)])
def test_a_disk_that_is_full_at_any_moment_costs_nothing_but_time(start, disk, monkeypatch, kind, steps):
    """Fault: a traceback of safetensors or torch; a start with more room that does not go on to the same result."""
    undisturbed = start("undisturbed", kind=kind)
    monkeypatch.setattr(checkpoints, "SECONDS_BETWEEN_CHECKPOINTS", 0)
    for failed in range(40):
        leave_room(disk, failed * steps)
        try:
            continued = start(disk / "run", kind=kind)
            break
        except OSError as error:
            assert error.errno == errno.ENOSPC and Path(error.filename).is_relative_to(disk / "run")
        left = [path for path in disk.glob("run/checkpoint/*") if not path.name.startswith(".")]
        assert len(left) <= 1 and all((path / "progress.json").is_file() for path in left)
    assert failed > 3
    assert results(continued) == results(undisturbed)


def test_a_checkpoint_of_another_precision_is_not_continued(start, monkeypatch):
    undisturbed = start("undisturbed")
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "SECONDS_BETWEEN_CHECKPOINTS", 0)
        patch.setattr(training.FineTuning, "predict", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            start(precision="bf16")
    continued = start()
    assert json.loads((continued / "provenance.json").read_text())["starts"] == 1
    assert results(continued) == results(undisturbed)


def test_a_run_that_stopped_early_does_not_train_on(start, monkeypatch):
    """Fault: a checkpoint of the epoch at which early stopping ended the training, from which a restart trains on."""
    monkeypatch.setattr(checkpoints, "SECONDS_BETWEEN_CHECKPOINTS", 0)
    scores = {1: 0.5, 2: 0.4, 3: 0.9}
    original = Best.offer
    monkeypatch.setattr(
        Best, "offer", lambda self, epoch, score, weights: original(self, epoch, scores[epoch], weights)
    )
    undisturbed = start("undisturbed", early_stopping=1)
    with monkeypatch.context() as patch:
        patch.setattr(training.FineTuning, "predict", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            start(early_stopping=1)
    continued = start(early_stopping=1)
    assert json.loads((continued / "provenance.json").read_text())["best_epoch"] == 1
    assert results(continued) == results(undisturbed)


def test_the_signal_handlers_are_put_back(start, stop_at):
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    stop_at(2)
    with pytest.raises(SystemExit):
        start()
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


@pytest.fixture
def memory_for(monkeypatch):
    """Call with a number of rows: a model in training has no memory for more."""

    def limit(rows: int) -> list[int]:
        sizes = []

        def call(self, input_ids, **kwargs):
            if self.training and len(input_ids) > rows:
                raise torch.OutOfMemoryError("no memory")
            if self.training:
                sizes.append(len(input_ids))
            return torch.nn.Module.__call__(self, input_ids=input_ids, **kwargs)

        monkeypatch.setattr(EmotionClassifier, "__call__", call)
        return sizes

    return limit


@pytest.mark.parametrize("annotated", ["data", "partly"])
def test_a_batch_that_does_not_fit_is_computed_in_parts_with_the_same_result(
    start, memory_for, monkeypatch, request, annotated
):
    """Fault: a mean of the parts' means (the last part is smaller), a step a part, or gradients of the failed try left in."""
    quiet = {"head": {"type": "mlp", "dropout": 0.0}, "batch_size": 6, "freeze": "all"}
    monkeypatch.setitem(KINDS, "quiet", {key: quiet[key] for key in ("head", "freeze")})
    rows = request.getfixturevalue(annotated)
    whole = start("whole", kind="quiet", data=rows, batch_size=7)
    sizes = memory_for(2)
    parts = start("parts", kind="quiet", data=rows, batch_size=7)
    assert json.loads((parts / "provenance.json").read_text())["batch_parts"] == 4
    assert json.loads((whole / "provenance.json").read_text())["batch_parts"] == 1
    assert max(sizes) <= 2 and sum(sizes) == 3 * 18
    for name, tensor in weights(whole).items():
        assert torch.allclose(weights(parts)[name], tensor, atol=1e-5)
    ours, theirs = (pd.read_csv(output / "predictions" / "dev.csv")[LABELS].to_numpy() for output in (parts, whole))
    assert np.abs(ours - theirs).max() < 1e-5


def test_the_parts_are_remembered_by_the_checkpoint(start, memory_for, stop_at):
    memory_for(2)
    stop_at(7)
    with pytest.raises(SystemExit):
        start()
    output = start()
    assert json.loads((output / "provenance.json").read_text())["batch_parts"] == 2


def test_a_row_that_does_not_fit_is_an_error(start, memory_for):
    memory_for(0)
    with pytest.raises(torch.OutOfMemoryError):
        start()
