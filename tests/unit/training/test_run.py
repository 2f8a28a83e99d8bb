"""A whole run: its files, the same result twice, nothing selected on dev or test."""

import json
import os

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer

from emotion_grid.data.scores import macro_f1
from emotion_grid.data.tables import read_split, write_split
from emotion_grid.model.classifier import EmotionClassifier
from emotion_grid.training import fine_tuning as training
from emotion_grid.training.run import Job, train
from testing.classifiers import LABELS, annotate_partly, one_by_one, word_table

ATTENTION = {"type": "attention", "size": 12, "heads": 2}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Prepared splits: dev labelled, test not, as the task publishes them."""
    folder = tmp_path_factory.mktemp("data")
    for seed, (split, rows) in enumerate({"train": 24, "validation": 12, "dev": 9, "test": 7}.items()):
        write_split(word_table(rows, seed, gold=split != "test"), folder / f"{split}.csv")
    return folder


@pytest.fixture(scope="module")
def run(bert, make_spec, data, tokens_of, features_of, tmp_path_factory):
    """Call with values of a run: the folder of its results; with cached=True it reads features."""

    def results(folder=data, seed=1, keep="results", head=ATTENTION, freeze=2, lora="none", cached=False, **values):
        values = {"epochs": 3, "batch_size": 8, "learning_rate": 3e-3, **values}
        output, spec = tmp_path_factory.mktemp("run"), make_spec(bert, head, freeze, lora, seed, **values)
        tokens = tokens_of(folder, bert, spec["training"]["max_length"])
        features = features_of(spec, tokens, bert) if cached else None
        train(Job(spec, folder, tokens, bert, output, 1, keep, features))
        return output

    return results


def _predictions(output) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((output / "predictions").iterdir())}


def _history(output) -> pd.DataFrame:
    return pd.read_csv(output / "history.csv").drop(columns="seconds")


@pytest.fixture(scope="module")
def first(run):
    return run(keep="all")


def test_run_writes_predictions_history_and_provenance(first, data):
    """Fault: a split without its row for every row, or an epoch that is not validation's best."""
    history = _history(first)
    provenance = json.loads((first / "provenance.json").read_text())
    best = history.loc[history["validation_macro_f1"].idxmax()]
    assert history["epoch"].tolist() == [1, 2, 3]
    assert provenance["best_epoch"] == best["epoch"]
    assert provenance["validation_macro_f1_at_0.5"] == pytest.approx(best["validation_macro_f1"])
    assert (provenance["device"], provenance["precision"], provenance["threads"]) == ("cpu", "fp32", 1)
    for split in ("validation", "dev", "test"):
        given_ = pd.read_csv(first / "predictions" / f"{split}.csv")
        gold = pd.read_csv(data / f"{split}.csv")
        assert list(given_.columns) == ["id", *LABELS]
        assert given_["id"].tolist() == gold["id"].tolist()
        assert given_[LABELS].ge(0).all(axis=None) and given_[LABELS].le(1).all(axis=None)
        if split == "validation":
            score = macro_f1(gold[LABELS].to_numpy(), given_[LABELS].to_numpy() > 0.5)
            assert score == pytest.approx(best["validation_macro_f1"])


def test_run_s_model_gives_its_predictions(first, data):
    """Fault: a model folder that is not the model that predicted, or one that needs more than three lines."""
    model = EmotionClassifier.from_pretrained(first / "model")
    tokenizer = AutoTokenizer.from_pretrained(first / "model")
    for split in ("validation", "dev", "test"):
        expected = pd.read_csv(first / "predictions" / f"{split}.csv")[LABELS].to_numpy()
        given_ = one_by_one(model, tokenizer, pd.read_csv(data / f"{split}.csv")["text"])
        assert np.abs(given_ - expected).max() < 1e-5


def test_run_s_files_are_readable_by_the_group_and_not_pickled(run):
    """Fault: private temporary files that become results; checkpoints or pickles in the model's folder."""
    mask = os.umask(0o022)
    try:
        output = run(keep="all", epochs=1)
    finally:
        os.umask(mask)
    paths = [path for path in output.rglob("*") if path != output]
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in paths)
    assert all(path.stat().st_mode & 0o055 == 0o055 for path in paths if path.is_dir())
    names = {path.name for path in (output / "model").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= names
    assert {name.rpartition(".")[2] for name in names} <= {"json", "safetensors", "txt"}
    assert not any(path.read_bytes()[:2] in (b"PK", b"\x80\x02", b"\x80\x04") for path in paths if path.is_file())
    assert {path.name for path in output.iterdir()} == {"model", "predictions", "history.csv", "provenance.json"}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"lora": {"rank": 2, "dropout": 0.2}, "freeze": 0},
        {"freeze": "all", "head": {"type": "mlp"}},
        {"cached": True},
        {"freeze": "all", "head": {"type": "mlp"}, "cached": True},
        {"freeze": "all", "cached": True},
    ],
    ids=["frozen", "lora", "head", "cached states", "cached vectors", "cached head"],
)
def test_same_spec_twice_gives_the_same_bytes(run, values):
    """Fault: anything drawn before the seed is set: initial weights, dropout, order, adapters."""
    torch.manual_seed(1234)
    one = run(**values)
    torch.manual_seed(4321)
    torch.rand(10)
    two = run(**values)
    assert _predictions(one) == _predictions(two)
    assert _history(one).equals(_history(two))
    other = _predictions(run(seed=2, **values))
    assert all(other[name] != content for name, content in _predictions(one).items())


def test_keep_says_what_is_written(run, first):
    """Fault: a model that is trained again later and is another one; a model kept though nobody asked."""
    results, model = run(keep="results"), run(keep="model")
    assert not (results / "model").exists()
    assert {path.name for path in model.iterdir()} == {"model"}
    assert _predictions(results) == _predictions(first)
    ours, theirs = (load_file(path / "model" / "model.safetensors") for path in (model, first))
    assert set(ours) == set(theirs)
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


def test_gold_of_dev_and_test_changes_nothing(run, first, data, tmp_path):
    """Fault: the first users chose their checkpoint on the rows that they reported."""
    for split in ("train", "validation", "dev", "test"):
        table = pd.read_csv(data / f"{split}.csv", dtype={"id": str})
        if split == "dev":
            table[LABELS] = 1 - table[LABELS]
        if split == "test":
            table[LABELS] = 1
        write_split(table, tmp_path / f"{split}.csv")
    other = run(tmp_path)
    assert _predictions(other) == _predictions(first)
    assert _history(other).equals(_history(first))

    table = pd.read_csv(tmp_path / "validation.csv", dtype={"id": str})
    table[LABELS] = 1 - table[LABELS]
    write_split(table, tmp_path / "validation.csv")
    assert not _history(run(tmp_path)).equals(_history(first))


def test_validation_s_best_epoch_predicts_and_is_saved(run, monkeypatch):
    """Fault: the last epoch's weights predict, or are saved, where an earlier one was best."""
    outputs = {}
    for best in (2, 3):
        left = iter([0.1, 0.5, 0.2 if best == 2 else 0.9])
        monkeypatch.setattr(training, "macro_f1", lambda gold, given, left=left: next(left, 0.0))
        outputs[best] = run(keep="all")
        provenance = json.loads((outputs[best] / "provenance.json").read_text())
        assert (provenance["best_epoch"], provenance["epochs_trained"]) == (best, 3)
    early, late = _predictions(outputs[2]), _predictions(outputs[3])
    assert all(early[name] != late[name] for name in early)
    model = EmotionClassifier.from_pretrained(outputs[2] / "model")
    tokenizer = AutoTokenizer.from_pretrained(outputs[2] / "model")
    table = word_table(12, 1)
    expected = pd.read_csv(outputs[2] / "predictions" / "validation.csv")[LABELS].to_numpy()
    assert np.abs(one_by_one(model, tokenizer, table["text"]) - expected).max() < 1e-5
    monkeypatch.undo()


def test_run_without_dev_and_test_and_with_class_weights(run, data, tmp_path):
    """Fault: a study without dev or test fails at the end of its training; balanced weights that are never used."""
    for split in ("train", "validation", "dev", "test"):
        table = pd.read_csv(data / f"{split}.csv", dtype={"id": str})
        write_split(table if split in ("train", "validation") else table.iloc[:0], tmp_path / f"{split}.csv")
    plain, balanced = run(tmp_path, epochs=1), run(tmp_path, epochs=1, class_weights="balanced")
    for split in ("dev", "test"):
        assert (plain / "predictions" / f"{split}.csv").read_text() == f"id,{','.join(LABELS)}\n"
    assert _history(plain)["train_loss"].tolist() != _history(balanced)["train_loss"].tolist()


@pytest.fixture(scope="module")
def partly(data, tmp_path_factory):
    """The same splits; joy is annotated in no row of dev, and all labels have rows elsewhere that are not annotated for them."""
    folder = tmp_path_factory.mktemp("partly")
    annotate_partly(data, folder)
    return folder


def test_every_way_of_training_learns_from_known_labels_alone(run, partly):
    """Fault: NaN in the loss, an epoch chosen as if unknown were zero, or a way of training that differs from the others."""
    ways, found = {"tokens": {}, "head": {"cached": True}}, {}
    for way, values in ways.items():
        output = run(partly, head={"type": "mlp", "dropout": 0.0}, freeze="all", class_weights="balanced", **values)
        found[way] = pd.read_csv(output / "predictions" / "validation.csv")[LABELS].to_numpy()
        score = macro_f1(read_split(partly / "validation.csv")[LABELS].to_numpy(), found[way] > 0.5)
        assert score == pytest.approx(_history(output)["validation_macro_f1"].max())
        assert np.isfinite(_history(output).to_numpy()).all()
        dev = pd.read_csv(output / "predictions" / "dev.csv")
        assert len(dev) == 9 and dev[LABELS].notna().all(axis=None)
    assert np.abs(found["tokens"] - found["head"]).max() < 1e-5


def test_cut_texts_are_counted_in_provenance(run, data):
    output = run(epochs=1, max_length=8)
    counted = json.loads((output / "provenance.json").read_text())["texts_cut"]
    for split in ("train", "validation", "dev", "test"):
        words = pd.read_csv(data / f"{split}.csv")["text"].str.split().str.len()
        assert counted[split] == (words + 2 > 8).sum() > 0
