"""The program that keeps models: which ones, and what their cards say."""

import re
import shutil

import pytest

from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.integrity import find_damage, write_record
from testing.hand_made import LABELS, Experiment


def with_models(experiment: Experiment, **changes) -> None:
    """Give every run a model, and the files that its card is made of."""
    for row in experiment.rows[:3]:
        folder = experiment.home / row["folder"]
        write_json(
            folder / "spec.json",
            {
                "encoder": {"model": "team/encoder", "revision": "0" * 40, "layers": 4, "hidden_size": 16},
                "head": {"type": "mlp", "size": 16, "layers": 2, "pooling": "mean", "dropout": 0.1},
                "freeze": 0,
                "lora": None,
                "seed": row["columns"]["seed"],
                "training": {"epochs": 4, "learning_rate": 0.0001},
                "data": {
                    "labels": LABELS,
                    "files": {"train": "ab" * 32},
                    "validation": 0.1,
                    "split_seed": 123,
                    "fold": None,
                    "folds": None,
                    "clean": ["nfc"],
                    "drop": [],
                },
            },
        )
        facts = {
            **read_json(folder / "provenance.json"),
            "total_parameters": 99999,
            "epochs_trained": 4,
            "finished": "2026-01-01 10:00:00",
            "device": "cpu",
            "precision": "fp32",
        }
        write_json(folder / "provenance.json", facts)
        write_json(experiment.home / "data" / row["data"] / "spec.json", read_json(folder / "spec.json")["data"])
        checks = {"prepared": {"train": {"rows": 9, "known": {"joy": 9, "fear": 4}}}}
        write_json(experiment.home / "data" / row["data"] / "checks.json", checks)
        (folder / "model").mkdir()
        (folder / "model" / "model.safetensors").touch()
    experiment.write(**changes)


def models_left(experiment: Experiment) -> set[str]:
    return {path.parent.parent.name for path in experiment.home.glob("runs/*/model/model.safetensors")}


@pytest.mark.parametrize(
    ("keep", "left"),
    [("best", {"high_seed-1_c"}), ("all", {"low_seed-1_a", "low_seed-2_b", "high_seed-1_c"}), ("none", set())],
)
def test_models_are_kept_as_the_config_asks(experiment, monkeypatch, keep, left):
    with_models(experiment, keep_models=keep)
    experiment.evaluate(monkeypatch)
    table = experiment.models(monkeypatch)
    assert models_left(experiment) == left
    assert set(table.index[table["model"].notna()]) == left
    assert list(table.index) == ["low_seed-1_a", "low_seed-2_b", "high_seed-1_c"]
    assert list(table["best"]) == [False, False, True], "the first setting has as good a run, but a lower mean"
    for row in experiment.rows[:3]:
        folder = experiment.home / row["folder"]
        assert len(list(folder.glob("predictions/*.csv"))) == 3
        assert (folder / "spec.json").is_file()
        assert (folder / "model").exists() == (row["run"] in left)


def test_model_that_was_cleared_away_is_not_missed(experiment, monkeypatch):
    with_models(experiment)
    shutil.rmtree(experiment.home / "runs" / "high_seed-1_c" / "model")
    experiment.evaluate(monkeypatch)
    table = experiment.models(monkeypatch)
    assert table["model"].isna().all()
    assert table["best"]["high_seed-1_c"]


def test_card_says_how_good_a_model_is_and_how_it_was_made(experiment, monkeypatch):
    with_models(experiment, keep_models="all")
    experiment.evaluate(monkeypatch)
    experiment.models(monkeypatch)
    card = (experiment.home / "runs" / "low_seed-1_a" / "model" / "README.md").read_text(encoding="utf-8")
    assert "| dev | macro_f1 | 0.833 | too few positives |" in card
    assert "| validation | macro_f1 | 1.000 | too few positives |" in card
    assert "| test |" not in card
    for fact in (
        "low_seed-1_a",
        "team/encoder",
        "joy, fear",
        "0" * 40,
        "12,345 of 99,999",
        "learning_rate 0.0001",
        "fear 4 of 9",
    ):
        assert fact in card
    assert str(experiment.home / "runs" / "low_seed-1_a" / "model") in card, "three lines that load it"
    how = read_json(experiment.home / "runs" / "low_seed-1_a" / "model" / "labelling.json")
    cells = experiment.table("summary").set_index("run").loc["low_seed-1_a", "threshold"]
    assert how["thresholds"] == dict.fromkeys(["joy", "fear"], float(cells))
    assert (how["clean"], how["precision"]) == (["nfc"], "fp32")


def test_a_prompt_is_in_the_card_and_in_how_the_model_labels_new_texts(experiment, monkeypatch):
    with_models(experiment, keep_models="all")
    run = experiment.home / "runs" / "low_seed-1_a"
    spec = read_json(run / "spec.json")
    write_json(run / "spec.json", {**spec, "encoder": {**spec["encoder"], "prompt": 'as "one": {text}'}})
    experiment.evaluate(monkeypatch)
    experiment.models(monkeypatch)
    assert read_json(run / "model" / "labelling.json")["prompt"] == 'as "one": {text}'
    card = (run / "model" / "README.md").read_text(encoding="utf-8")
    assert r"""prompt 'as "one"\: \{text\}' |""" in card
    code = re.search(r"```python\n(.*?)```", card, flags=re.DOTALL)[1]
    lines = [line for line in code.splitlines() if line.startswith(("texts =", "prompt ="))]
    names: dict = {}
    exec("\n".join(lines), names)
    assert names["texts"] == ['as "one": What a day!', 'as "one": Who is there?']
    other = experiment.home / "runs" / "low_seed-2_b" / "model"
    assert "prompt" not in read_json(other / "labelling.json") and "prompt =" not in (other / "README.md").read_text()


def test_how_a_model_labels_new_texts_is_in_its_record_and_written_again_where_it_is_lost(experiment, monkeypatch):
    """Fault: thresholds that somebody had edited were believed."""
    with_models(experiment)
    model = experiment.home / "runs" / "high_seed-1_c" / "model"
    write_record(model / "digests.json", {}, ["model.safetensors"])
    experiment.evaluate(monkeypatch)
    experiment.models(monkeypatch)
    assert find_damage(model / "digests.json") == {}
    (model / "labelling.json").unlink()
    assert list(find_damage(model / "digests.json")) == ["labelling.json"]
    experiment.models(monkeypatch)
    assert find_damage(model / "digests.json") == {}
