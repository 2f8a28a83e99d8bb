"""Features from the cache: what is stored, and the same results with and without them."""

import contextlib
import errno
import json
import os

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer, BertModel

from emotion_grid.features import values
from emotion_grid.features.index import Index
from emotion_grid.features.states import compute
from emotion_grid.features.values import read_values
from emotion_grid.model.classifier import EmotionClassifier
from emotion_grid.plan.specs import features_spec
from emotion_grid.training import checkpoints, head_training
from emotion_grid.training import fine_tuning as training
from emotion_grid.training.run import Job, train

LABELS = ["anger", "fear", "joy"]
ENTERED = ("bert", "roberta", "mpnet", "distilbert", "deberta-v2", "modernbert", "gemma3_text")
VECTOR = {"type": "mlp", "size": 12, "pooling": "mean"}
FIRST = {"type": "mlp", "size": 12, "layers": 3, "pooling": "first"}
STATES = {"type": "attention", "size": 12, "heads": 2}


@pytest.fixture
def both(encoders, make_spec, data, tokens_of, features_of, tmp_path):
    """Call with axis values: the folders of a run that asks its encoder and of the same with features."""

    def runs(family, head, freeze, lora="none", keep="all", **training):
        encoder = encoders(family)
        values = {"epochs": 3, "batch_size": 8, "learning_rate": 3e-3, **training}
        spec, tokens = make_spec(encoder, head, freeze, lora, **values), tokens_of(data, encoder)
        found = []
        for name, given_ in (("asked", None), ("cached", features_of(spec, tokens, encoder))):
            train(Job(spec, data, tokens, encoder, tmp_path / name, 1, keep, given_))
            found.append(tmp_path / name)
        return found

    return runs


def _results(folder) -> tuple[np.ndarray, np.ndarray, dict]:
    tables = [pd.read_csv(folder / "predictions" / f"{split}.csv")[LABELS] for split in ("validation", "dev")]
    history = pd.read_csv(folder / "history.csv").drop(columns="seconds").to_numpy()
    return pd.concat(tables).to_numpy(), history, json.loads((folder / "provenance.json").read_text())


@pytest.mark.parametrize("lora", ["none", {"rank": 2, "dropout": 0.1}], ids=["full", "lora"])
@pytest.mark.parametrize("freeze", [1, 3])
@pytest.mark.parametrize("family", ENTERED)
def test_runs_above_cached_layers_equal_those_that_compute_them(both, family, freeze, lora):
    """Fault: another layer's states, dropout in what is frozen, relative positions lost, upper weights under other names."""
    asked, cached = both(family, VECTOR, freeze, lora)
    (ours, steps, facts), (theirs, their_steps, their_facts) = _results(cached), _results(asked)
    assert np.abs(ours - theirs).max() < 1e-5
    assert np.abs(steps - their_steps).max() < 1e-4
    assert facts["features"]["device"] == "cpu" and their_facts["features"] is None
    for key in ("trainable_parameters", "total_parameters", "texts_cut", "best_epoch"):
        assert facts[key] == their_facts[key]
    weights, their_weights = (load_file(folder / "model" / "model.safetensors") for folder in (cached, asked))
    assert weights.keys() == their_weights.keys()


@pytest.mark.parametrize("head", [VECTOR, FIRST, STATES], ids=["mean", "first", "states"])
@pytest.mark.parametrize("family", ["bert", "mpnet", "deberta-v2"])
def test_heads_on_features_equal_those_on_a_frozen_encoder(both, family, head):
    """Fault: a plain loop with another order, dropout, clipping or schedule than `Trainer`'s, or other initial weights."""
    asked, cached = both(family, head, "all", warmup_steps=2, weight_decay=0.1, class_weights="balanced")
    (ours, steps, facts), (theirs, their_steps, their_facts) = _results(cached), _results(asked)
    assert np.abs(ours - theirs).max() < 1e-5
    assert np.abs(steps - their_steps).max() < 1e-5
    for key in ("trainable_parameters", "total_parameters", "epochs_trained", "best_epoch", "texts_cut"):
        assert facts[key] == their_facts[key]


def test_early_stopping_ends_both_ways_alike(both):
    asked, cached = both("bert", VECTOR, "all", early_stopping=1, epochs=12, learning_rate=0.1)
    (_, steps, facts), (_, their_steps, their_facts) = _results(cached), _results(asked)
    assert facts["epochs_trained"] == their_facts["epochs_trained"] == len(steps) == len(their_steps) < 12


@pytest.mark.parametrize(("head", "freeze"), [(VECTOR, 2), (VECTOR, "all"), (STATES, "all")])
def test_a_model_on_features_loads_whole(both, data, head, freeze):
    """Fault: a model folder that only works where its features are."""
    _, cached = both("bert", head, freeze)
    model, tokenizer = (
        EmotionClassifier.from_pretrained(cached / "model"),
        AutoTokenizer.from_pretrained(cached / "model"),
    )
    texts = pd.read_csv(data / "dev.csv")["text"]
    with torch.no_grad():
        given_ = torch.cat([model(**tokenizer([text], return_tensors="pt")).logits.sigmoid() for text in texts])
    expected = pd.read_csv(cached / "predictions" / "dev.csv")[LABELS].to_numpy()
    assert np.abs(given_.numpy() - expected).max() < 1e-5


def test_bf16_features_are_near_what_the_encoder_gives(both):
    """Features of runs in bf16 take half the room; what that costs is below what bf16 itself does."""
    asked, cached = both("bert", VECTOR, 2, precision="bf16")
    assert np.abs(_results(cached)[0] - _results(asked)[0]).max() < 0.02


def test_features_are_the_encoder_s_own(encoders, make_spec, data, tokens_of, features_of):
    """Fault: padding among the features, or texts in another order than the index says."""
    encoder = encoders("mpnet")
    tokens, tokenizer = tokens_of(data, encoder), AutoTokenizer.from_pretrained(encoder)
    index, model = Index(tokens), AutoModel.from_pretrained(encoder).eval()
    states = read_values(features_of(make_spec(encoder, STATES, 3), tokens, encoder))
    means = read_values(features_of(make_spec(encoder, VECTOR, "all"), tokens, encoder))
    assert list(index.lengths) == sorted(index.lengths, reverse=True) and len(states) == index.lengths.sum()
    for text in pd.read_csv(data / "dev.csv")["text"]:
        with torch.no_grad():
            found = model(**tokenizer([text], return_tensors="pt"), output_hidden_states=True).hidden_states
        (place,) = index.find([text])
        start = index.lengths[:place].sum()
        assert torch.allclose(states[start : start + index.lengths[place]], found[3][0], atol=1e-5)
        assert torch.allclose(means[place], found[-1][0].mean(0), atol=1e-5)


@pytest.mark.parametrize(
    ("family", "freeze", "limit", "why"),
    [("t5", 2, 1, "layers of t5 cannot be entered"), ("bert", 2, 1e-6, "features_gb allows 1e-06")],
)
def test_what_is_not_stored_is_computed_in_the_run(
    encoders, make_spec, data, tokens_of, features_of, tmp_path, capsys, family, freeze, limit, why
):
    """Fault: a family or a size that ends the run, or nothing said of it."""
    encoder = encoders(family)
    spec, tokens = make_spec(encoder, VECTOR, freeze, epochs=1), tokens_of(data, encoder)
    folder = features_of(spec, tokens, encoder, limit)
    assert [path.name for path in folder.iterdir()] == ["features.json"]
    train(Job(spec, data, tokens, encoder, tmp_path, 1, "results", folder))
    assert why in capsys.readouterr().err
    assert json.loads((tmp_path / "provenance.json").read_text())["features"] is None


def test_features_of_another_precision_are_not_used(
    encoders, make_spec, data, tokens_of, features_of, tmp_path, capsys
):
    """Fault: a team's cache, made where a GPU is, read where none is: other digits under the same spec."""
    encoder = encoders("bert")
    tokens = tokens_of(data, encoder)
    folder = features_of(make_spec(encoder, VECTOR, "all", precision="bf16"), tokens, encoder)
    train(Job(make_spec(encoder, VECTOR, "all", epochs=1), data, tokens, encoder, tmp_path, 1, "results", folder))
    assert "the features in the cache were computed in bf16, now it is fp32" in capsys.readouterr().err


def test_a_run_that_lost_its_features_starts_again(
    encoders, make_spec, data, tokens_of, features_of, tmp_path, monkeypatch
):
    """Fault: a checkpoint of the plain loop that `Trainer` takes up, and fails at every start."""
    encoder = encoders("bert")
    spec, tokens = make_spec(encoder, VECTOR, "all"), tokens_of(data, encoder)
    folder = features_of(spec, tokens, encoder)
    monkeypatch.setattr(checkpoints, "SECONDS_BETWEEN_CHECKPOINTS", 0)
    for one, other in ((folder, None), (None, folder)):
        output = tmp_path / str(other)[-1]
        with monkeypatch.context() as patch:
            for way in (training.FineTuning, head_training.HeadTraining):
                patch.setattr(way, "predict", lambda *args: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                train(Job(spec, data, tokens, encoder, output, 1, "results", one))
        train(Job(spec, data, tokens, encoder, output, 1, "results", other))
        assert json.loads((output / "provenance.json").read_text())["starts"] == 1


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), None], ids=["disk", "values"])
def test_features_that_cannot_be_stored_are_done_without(
    encoders, make_spec, data, tokens_of, tmp_path, monkeypatch, fault
):
    """Fault: a full disk, or values beyond half precision, that fail every run with a frozen part."""
    encoder = encoders("bert")
    spec = {**make_spec(encoder, STATES, 2), "lock": "l"}

    def failing(*args):
        if fault:
            raise fault
        return contextlib.nullcontext(open(os.devnull, "wb"))

    if not fault:
        monkeypatch.setattr(torch, "isfinite", torch.zeros_like)
    monkeypatch.setattr(values, "open_values", failing)
    made = compute(features_spec(spec, {"texts": {}, "clean": []}), tokens_of(data, encoder), encoder, tmp_path, 1, 1)
    assert not made["stored"] and str(tmp_path) in made["why"] and not list(tmp_path.iterdir())


def test_a_batch_without_memory_is_asked_in_halves(encoders, make_spec, data, tokens_of, features_of, monkeypatch):
    encoder, whole = encoders("bert"), []
    spec, tokens = make_spec(encoder, STATES, "all"), tokens_of(data, encoder)
    expected = read_values(features_of(spec, tokens, encoder))
    call = BertModel.forward

    def limited(self, input_ids, **kwargs):
        if len(input_ids) > 3:
            whole.append(len(input_ids))
            raise torch.OutOfMemoryError("no memory")
        return call(self, input_ids, **kwargs)

    monkeypatch.setattr(BertModel, "forward", limited)
    found = read_values(features_of(spec, tokens, encoder))
    assert whole and torch.allclose(found, expected, atol=1e-5)
