"""Tokens and features from the cache: the same results with and without them, whatever reads them, and nothing imported in vain."""

import contextlib
import errno
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer, BertModel, BertweetTokenizer

from emotion_grid.base.digests import file_digest
from emotion_grid.base.files import write_json
from emotion_grid.base.messages import InputError
from emotion_grid.data.tables import write_split
from emotion_grid.features import values
from emotion_grid.features.batches import attention_mask, batches_by_length, pad, token_inputs
from emotion_grid.features.index import Index
from emotion_grid.features.states import make
from emotion_grid.features.tokens import read_texts, tokenize
from emotion_grid.features.values import open_values, read_values
from emotion_grid.model.classifier import EmotionClassifier
from emotion_grid.plan.specs import features_spec
from emotion_grid.training import checkpoints, head_training
from emotion_grid.training import fine_tuning as training
from emotion_grid.training.run import train
from tests.tiny import PROJECT

LABELS = ["anger", "fear", "joy"]
LAYERED = ("bert", "roberta", "xlm-roberta", "mpnet")
VECTOR = {"type": "mlp", "size": 12, "pooling": "mean"}
FIRST = {"type": "mlp", "size": 12, "layers": 3, "pooling": "first"}
STATES = {"type": "attention", "size": 12, "heads": 2}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder, random = tmp_path_factory.mktemp("data"), np.random.default_rng(11)
    for split, rows in {"train": 26, "validation": 14, "dev": 9, "test": 0}.items():
        table = pd.DataFrame({"id": [f"{split}-{row}" for row in range(rows)]}, dtype=str)
        table["text"] = [" ".join(f"w{n}" for n in random.integers(0, 90, random.integers(1, 20))) for _ in range(rows)]
        for label in LABELS:
            table[label] = (random.random(rows) < 0.5).astype(float)
        write_split(table, folder / f"{split}.csv")
    return folder


@pytest.fixture
def both(encoders, make_spec, data, tokens_of, features_of, tmp_path):
    """Call with axis values: the folders of a run that asks its encoder and of the same with features."""

    def runs(family, head, freeze, lora="none", keep="all", **training):
        encoder = encoders(family)
        values = {"epochs": 3, "batch_size": 8, "learning_rate": 3e-3, **training}
        spec, tokens = make_spec(encoder, head, freeze, lora, **values), tokens_of(data, encoder)
        found = []
        for name, given_ in (("asked", None), ("cached", features_of(spec, tokens, encoder))):
            train(spec, data, tokens, encoder, tmp_path / name, 1, keep, given_)
            found.append(tmp_path / name)
        return found

    return runs


def _results(folder) -> tuple[np.ndarray, np.ndarray, dict]:
    tables = [pd.read_csv(folder / "predictions" / f"{split}.csv")[LABELS] for split in ("validation", "dev")]
    history = pd.read_csv(folder / "history.csv").drop(columns="seconds").to_numpy()
    return pd.concat(tables).to_numpy(), history, json.loads((folder / "provenance.json").read_text())


@pytest.mark.parametrize("lora", ["none", {"rank": 2, "dropout": 0.1}], ids=["full", "lora"])
@pytest.mark.parametrize("freeze", [1, 3])
@pytest.mark.parametrize("family", LAYERED)
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


# What is stored


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
    [("distilbert", 2, 1, "layers of distilbert cannot be entered"), ("bert", 2, 1e-6, "features_gb allows 1e-06")],
)
def test_what_is_not_stored_is_computed_in_the_run(
    encoders, make_spec, data, tokens_of, features_of, tmp_path, capsys, family, freeze, limit, why
):
    """Fault: a family or a size that ends the run, or nothing said of it."""
    encoder = encoders(family)
    spec, tokens = make_spec(encoder, VECTOR, freeze, epochs=1), tokens_of(data, encoder)
    folder = features_of(spec, tokens, encoder, limit)
    assert [path.name for path in folder.iterdir()] == ["features.json"]
    train(spec, data, tokens, encoder, tmp_path, 1, "results", folder)
    assert why in capsys.readouterr().err
    assert json.loads((tmp_path / "provenance.json").read_text())["features"] is None


def test_features_of_another_precision_are_not_used(
    encoders, make_spec, data, tokens_of, features_of, tmp_path, capsys
):
    """Fault: a team's cache, made where a GPU is, read where none is: other digits under the same spec."""
    encoder = encoders("bert")
    tokens = tokens_of(data, encoder)
    folder = features_of(make_spec(encoder, VECTOR, "all", precision="bf16"), tokens, encoder)
    train(make_spec(encoder, VECTOR, "all", epochs=1), data, tokens, encoder, tmp_path, 1, "results", folder)
    assert "its features were made in bf16, now it is fp32" in capsys.readouterr().err


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
                train(spec, data, tokens, encoder, output, 1, "results", one)
        train(spec, data, tokens, encoder, output, 1, "results", other)
        assert json.loads((output / "provenance.json").read_text())["starts"] == 1


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), None], ids=["disk", "values"])
def test_features_that_cannot_be_stored_are_done_without(
    encoders, make_spec, data, tokens_of, tmp_path, monkeypatch, fault
):
    """Fault: a full disk, or values beyond half precision, that fail every run with a frozen part."""
    encoder = encoders("bert")
    spec = {**make_spec(encoder, STATES, 2), "data": {"files": {}, "clean": []}}

    def failing(*args):
        if fault:
            raise fault
        return contextlib.nullcontext(open(os.devnull, "wb"))

    if not fault:
        monkeypatch.setattr(torch, "isfinite", torch.zeros_like)
    monkeypatch.setattr(values, "open_values", failing)
    made = make(features_spec(spec), tokens_of(data, encoder), encoder, tmp_path, 1, 1)
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


def test_the_team_can_read_what_one_of_it_made(encoders, make_spec, data, features_of, tmp_path):
    """Fault: files that their library writes for their owner alone."""
    encoder = encoders("bert")
    texts = list(pd.read_csv(data / "train.csv")["text"])
    mask = os.umask(0o022)
    try:
        _tokenized(texts, encoder, tmp_path)
        made = features_of(make_spec(encoder, VECTOR, "all"), tmp_path, encoder)
    finally:
        os.umask(mask)
    paths = [path for folder in (tmp_path, made) for path in folder.rglob("*")]
    assert len(paths) > 8 and all(path.stat().st_mode & 0o044 == 0o044 for path in paths)


# Tokens


def _tokenized(texts, encoder, folder, limit=64):
    made = tokenize(texts, limit, encoder, folder)
    write_json(folder / "tokens.json", made)
    return made, Index(folder)


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_batches_of_tokens_are_the_tokenizer_s(encoders, data, tokens_of, family):
    """Fault: a padding token of another family, a mask over a token, segments lost, or rows in another order."""
    tokenizer, tokens = AutoTokenizer.from_pretrained(encoders(family)), tokens_of(data, encoders(family))
    texts = list(pd.read_csv(data / "train.csv")["text"])
    index = Index(tokens)
    found = token_inputs(tokens, index)(index.find(texts))
    expected = tokenizer(texts, padding=True, return_tensors="pt")
    assert found.keys() == set(expected)
    assert all(torch.equal(found[name], expected[name]) for name in found)
    wide = token_inputs(tokens, index, multiple=8)(index.find(texts))
    assert wide["input_ids"].shape[1] % 8 == 0
    assert torch.equal(wide["input_ids"][:, : expected["input_ids"].shape[1]], expected["input_ids"])
    assert (wide["attention_mask"].sum(1) == expected["attention_mask"].sum(1)).all()


_LONG = ["w1 w2 w3 w4 w5 w6", "w1", "w1 w2", "w1 w2 w3", "w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12 w13 w14 w15"]


@pytest.mark.parametrize(("limit", "cut"), [(64, 0), (17, 0), (16, 1), (8, 1), (7, 2), (5, 2), (4, 3)])
def test_tokens_count_what_is_cut(encoders, tmp_path, limit, cut):
    """Fault: texts that are cut without a word, texts that fit exactly counted, or one long text counted several times."""
    made, index = _tokenized(_LONG, encoders("bert"), tmp_path, limit)
    assert made["texts_cut"] == index.cut.sum() == cut
    assert made["longest"] == index.lengths.max() <= limit


def test_tokens_count_what_a_tokenizer_in_python_cuts(tmp_path, monkeypatch):
    """Fault: BERTweet's tokenizer has no `encodings`, so its cut texts are counted as 0."""
    (tmp_path / "vocab.txt").write_text("".join(f"w{number} 1\n" for number in range(20)))
    (tmp_path / "bpe.codes").write_text("#version: 0.2\nw 1 1\n")
    python = BertweetTokenizer(str(tmp_path / "vocab.txt"), str(tmp_path / "bpe.codes"))
    monkeypatch.setattr(AutoTokenizer, "from_pretrained", lambda *args, **kwargs: python)
    made, index = _tokenized(_LONG, tmp_path, tmp_path / "tokens", 4)
    assert index.lengths.max() == 4
    assert made["texts_cut"] == sum(len(python(text)["input_ids"]) > 4 for text in _LONG) > 0


def test_a_text_without_tokens_is_named(data, encoders, tokens_of):
    index = Index(tokens_of(data, encoders("bert")))
    with pytest.raises(InputError, match=r"none of row 2; delete this folder"):
        index.find([*pd.read_csv(data / "dev.csv")["text"][:1], "never seen"])


def test_every_text_is_read_once_cleaned_and_checked(tmp_path):
    """Fault: tokens of texts as they stood, of one file alone, or of files that changed since the plan."""
    for name, texts in (("train", ["Two  words", "same"]), ("test", ["same", "other"])):
        pd.DataFrame({"id": range(2), "text": texts}).to_csv(tmp_path / f"{name}.csv", index=False)
    paths = [str(tmp_path / f"{name}.csv") for name in ("train", "test")]
    spec = {"files": {path: file_digest(path) for path in paths}, "clean": ["lowercase"]}
    assert read_texts(spec, paths) == ["two  words", "same", "other"]
    (tmp_path / "test.csv").write_text("id,text\n1,changed\n")
    with pytest.raises(InputError, match="a file has changed"):
        read_texts(spec, paths)


# Padding and batches


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.sampled_from([1, 2, 8]), st.integers(-3, 3))
def test_padding_keeps_every_value_in_its_place(lengths, multiple, fill):
    """Fault: a row that begins in another's tokens, or padding that is no multiple."""
    lengths = np.array(lengths)
    flat = torch.arange(lengths.sum() * 2).reshape(-1, 2) + 100
    starts = np.cumsum(lengths) - lengths
    padded = pad(flat, starts, lengths, fill, multiple)
    mask = attention_mask(lengths, multiple)
    assert padded.shape[:2] == mask.shape and padded.shape[1] % multiple == 0
    assert padded.shape[1] - lengths.max() < multiple
    for row, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        assert torch.equal(padded[row, :length], flat[start : start + length])
        assert (padded[row, length:] == fill).all()
        assert mask[row].tolist() == [1] * length + [0] * (mask.shape[1] - length)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=80), st.integers(1, 200))
def test_batches_hold_every_text_once_within_the_bound(lengths, tokens):
    lengths = np.sort(lengths)[::-1]
    found = batches_by_length(lengths, tokens)
    assert np.concatenate(found).tolist() == list(range(len(lengths)))
    assert all(len(places) == 1 or lengths[places[0]] * len(places) <= tokens for places in found)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_values_are_written_as_the_library_would(tmp_path, dtype):
    """Fault: a header of our own that other readers of safetensors do not understand."""
    values = torch.randn(7, 5).to(dtype)
    with open_values(tmp_path / "ours", values.shape, dtype) as file:
        for row in values:
            file.write(row.numpy().tobytes())
    save_file({"values": values}, tmp_path / "theirs")
    assert torch.equal(load_file(tmp_path / "ours")["values"], load_file(tmp_path / "theirs")["values"])


# Imports


def test_a_head_only_run_imports_torch_and_little_else(encoders, make_spec, data, tokens_of, features_of, tmp_path):
    """Fault: one import at the wrong place, and each of a thousand small runs starts three times slower."""
    encoder = encoders("bert")
    spec, tokens = make_spec(encoder, VECTOR, "all", epochs=1), tokens_of(data, encoder)
    write_json(tmp_path / "spec.json", spec)
    options = {
        "spec": tmp_path / "spec.json",
        "data": data,
        "tokens": tokens,
        "encoder": encoder,
        "features": features_of(spec, tokens, encoder),
        "output": tmp_path / "run",
    }
    line = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    code = (
        "import sys; from scripts import train; train.main(); "
        "print([name for name in ('transformers', 'pandas', 'datasets', 'pyarrow', 'sklearn', 'tokenizers', 'peft') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, *line], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert (tmp_path / "run" / "provenance.json").is_file()
