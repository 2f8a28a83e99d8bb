"""Training on added rows: beside a run's own rows, with a weight, or before them."""

import json
import os
import signal

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from emotion_grid.data.tables import read_split, write_split
from emotion_grid.training import added as adding
from emotion_grid.training import fine_tuning, head_training
from emotion_grid.training import optimisation as fitting
from emotion_grid.training.checks import put_broken_checkpoints_aside
from emotion_grid.training.run import Job, train

LABELS = ["anger", "fear", "joy"]
SPLITS = ("train", "validation", "dev", "test")
VECTORS = {"freeze": "all", "head": {"type": "mlp", "size": 12}}
MIXED = {"name": "other", "share": 1.0, "stage": "mixed", "weight": 1.0}
FIRST = {"name": "other", "share": 1.0, "stage": "first", "epochs": 2, "learning_rate": None}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Prepared splits with added rows, in which joy is unknown: two steps an epoch, where the training rows have five."""
    folder, random = tmp_path_factory.mktemp("data"), np.random.default_rng(3)
    for split, rows in {"train": 18, "validation": 12, "dev": 6, "test": 5, "added": 7}.items():
        table = pd.DataFrame({"id": [f"{split}-{row}" for row in range(rows)]})
        table["text"] = [" ".join(f"w{n}" for n in random.integers(0, 90, random.integers(2, 14))) for _ in range(rows)]
        for label in LABELS:
            table[label] = np.nan if (split, label) == ("added", "joy") else (random.random(rows) < 0.5).astype(float)
        write_split(table, folder / f"{split}.csv")
    return folder


@pytest.fixture
def start(encoders, make_spec, data, tokens_of, features_of, tmp_path):
    """Call to start (again) a run; returns the folder of its results."""

    def run(name="run", added=None, cached=False, folder=data, **values):
        values = {"head": {"type": "attention", "size": 12, "heads": 2}, "epochs": 3, "batch_size": 4, **values}
        spec = make_spec(encoders("bert"), **{"learning_rate": 3e-3, **values})
        if added:
            spec["data"]["added"] = added
        tokens = tokens_of(data, encoders("bert"))
        features = features_of(spec, tokens, encoders("bert")) if cached else None
        job = Job(spec, folder, tokens, encoders("bert"), tmp_path / name, 1, "all", features)
        put_broken_checkpoints_aside(job)
        train(job)
        return tmp_path / name

    return run


def predictions(output) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (output / "predictions").iterdir()}


def with_train(data, folder, *splits):
    """A copy of the prepared splits whose training rows are those of several."""
    folder.mkdir()
    for split in SPLITS[1:]:
        write_split(read_split(data / f"{split}.csv"), folder / f"{split}.csv")
    write_split(pd.concat([read_split(data / f"{split}.csv") for split in splits]), folder / "train.csv")
    return folder


@pytest.mark.parametrize("values", [{}, {"class_weights": "balanced"}, {**VECTORS, "cached": True}], ids=str)
def test_rows_beside_the_run_s_own_are_trained_on_as_if_they_were_among_them(start, data, tmp_path, values):
    """Fault: rows that are not read, or a label that is not known there learned as absent."""
    joined = start("joined", folder=with_train(data, tmp_path / "splits", "train", "added"), **values)
    assert predictions(start("mixed", MIXED, **values)) == predictions(joined)
    assert predictions(start("plain", **values)) != predictions(joined)


def test_a_weight_counts_however_the_run_is_trained(start):
    """Fault: one of the ways of training, with Trainer or on features, forgets the weights."""
    weighted = {**MIXED, "weight": 0.25}
    outputs = [start(f"cached {cached}", weighted, cached, **VECTORS) for cached in (False, True)]
    one, other = (pd.read_csv(output / "predictions" / "dev.csv")[LABELS].to_numpy() for output in outputs)
    assert np.abs(one - other).max() < 1e-5
    assert predictions(outputs[1]) != predictions(start("equal", MIXED, True, **VECTORS))


@pytest.mark.parametrize("values", [{}, {**VECTORS, "cached": True}], ids=["whole", "vectors"])
def test_a_first_stage_is_a_training_on_added_rows_whose_weights_go_on(start, data, tmp_path, monkeypatch, values):
    loaded = []
    for way in (fine_tuning.FineTuning, head_training.HeadTraining):
        original = way.load
        monkeypatch.setattr(
            way,
            "load",
            lambda self, weights, original=original: (loaded.append(dict(weights)), original(self, weights)),
        )
    run = start("run", {**FIRST, "learning_rate": 1e-3}, **values)
    alone = with_train(data, tmp_path / "splits", "added")
    stage = start("stage", folder=alone, **{**values, "epochs": 2, "learning_rate": 1e-3})
    expected = load_file(stage / "model" / "model.safetensors")
    assert any(
        set(weights) == set(expected) and all(torch.equal(tensor, expected[name]) for name, tensor in weights.items())
        for weights in loaded[:2]
    )
    assert predictions(run) != predictions(start("plain", **values))
    assert pd.read_csv(run / "history.csv")["epoch"].tolist() == [1, 2, 3]
    assert not (run / "checkpoint").exists()


def test_values_of_the_first_stage():
    training = {"epochs": 5, "learning_rate": 1e-4, "head_learning_rate": 1e-3, "early_stopping": 2, "batch_size": 8}
    own = adding.first_values({"training": training, "data": {"added": {**FIRST, "learning_rate": 2e-5}}})
    assert own == {
        **training,
        "epochs": 2,
        "learning_rate": 2e-5,
        "head_learning_rate": pytest.approx(2e-4),
        "early_stopping": None,
    }
    own = adding.first_values({"training": training, "data": {"added": FIRST}})
    assert own == {**training, "epochs": 2, "early_stopping": None}


@pytest.fixture
def stop_at(monkeypatch):
    """Call with a number: the process gets SIGTERM in the step with this number of its whole life."""

    def stop(last: int) -> None:
        done, original = [], fitting.seed_step

        def stopping(seed, number):
            done.append(number)
            if len(done) == last:
                os.kill(os.getpid(), signal.SIGTERM)
            original(seed, number)

        for module in (fine_tuning, head_training):
            monkeypatch.setattr(module, "seed_step", stopping)

    return stop


STOPS = {"first stage": 1, "its epoch's end": 2, "its end": 4, "second stage": 6, "an epoch's end": 9}


@pytest.mark.parametrize("values", [{}, {**VECTORS, "cached": True}], ids=["whole", "vectors"])
@pytest.mark.parametrize("step", STOPS.values(), ids=STOPS)
def test_a_run_that_is_stopped_in_either_stage_continues_bit_for_bit(start, stop_at, step, values):
    undisturbed = start("undisturbed", FIRST, **values)
    stop_at(step)
    with pytest.raises(SystemExit):
        start(added=FIRST, **values)
    kept = {path.name for path in (undisturbed.parent / "run" / "checkpoint").iterdir()}
    assert ("first" in kept) == (step <= 4), "the second stage's first checkpoint holds all that goes on"
    torch.manual_seed(99)
    continued = start(added=FIRST, **values)
    assert predictions(continued) == predictions(undisturbed)
    assert json.loads((continued / "provenance.json").read_text())["train_seconds"] > 0


def test_a_stage_that_is_over_is_not_trained_again_unless_its_weights_are_damaged(start, monkeypatch):
    stages, original = [], adding._train_first
    monkeypatch.setattr(adding, "_train_first", lambda *arguments: (stages.append(1), original(*arguments)))
    undisturbed = start("undisturbed", FIRST)

    def dying(path):
        raise KeyboardInterrupt

    for is_damaged in (False, True):
        name = f"damaged {is_damaged}"
        with monkeypatch.context() as patch:
            patch.setattr(adding, "load_file", dying)
            with pytest.raises(KeyboardInterrupt):
                start(name, FIRST)
        if is_damaged:
            (undisturbed.parent / name / "checkpoint" / "first" / "done" / "weights.safetensors").write_bytes(b"x")
        stages.clear()
        assert predictions(start(name, FIRST)) == predictions(undisturbed)
        assert len(stages) == is_damaged
