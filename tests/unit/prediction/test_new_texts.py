"""New texts get the labels that the model gives to each alone, in parts that a kill does not lose."""

import csv
import shutil

import numpy as np
import pandas as pd
import pytest
from transformers import AutoTokenizer

from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.integrity import write_record
from emotion_grid.base.layout import LABELLING
from emotion_grid.base.messages import InputError
from emotion_grid.model.classifier import build_classifier
from emotion_grid.prediction import new_texts
from emotion_grid.prediction.labeller import Ensemble
from emotion_grid.prediction.new_texts import PARTS, key_of, label_file
from emotion_grid.prediction.reading import NewTexts
from testing.classifiers import HEADS, LABELS, one_by_one, perturb_trained, word_table


@pytest.fixture(scope="module")
def save_model(encoders, make_spec, tmp_path_factory):
    """Call with a number and thresholds: the folder of a saved classifier whose texts are lower-cased, and the classifier."""

    def save(seed: int, thresholds: tuple[float, ...]):
        folder = tmp_path_factory.mktemp("run") / "model"
        spec = make_spec(encoders("bert"), HEADS["mlp-mean"], 2, "none", seed)
        classifier = build_classifier(spec, encoders("bert"))
        perturb_trained(classifier)
        classifier.config.max_length = 32
        classifier.save(folder)
        AutoTokenizer.from_pretrained(encoders("bert")).save_pretrained(folder)
        how = {"clean": ["lowercase"], "precision": "fp32", "thresholds": dict(zip(LABELS, thresholds, strict=True))}
        write_json(folder / LABELLING, how)
        return folder, classifier

    return save


@pytest.fixture(scope="module")
def model(save_model):
    """A saved classifier and its folder."""
    return save_model(1, (0.4, 0.5, 0.6))


@pytest.fixture
def texts(tmp_path):
    """Fifty texts of many lengths, in capitals."""
    table = word_table(50)
    table["text"] = table["text"].str.upper()
    table[["id", "text"]].to_csv(tmp_path / "texts.csv", index=False)
    return NewTexts(tmp_path / "texts.csv"), table


def rows_of(path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def labelled(texts, output, *folders) -> list[dict]:
    label_file(texts, Ensemble(folders, 1), key_of(texts, folders), output, lambda done: None)
    return rows_of(output)


def probabilities_in(rows) -> np.ndarray:
    return np.array([[float(row[f"{label}_probability"]) for label in LABELS] for row in rows])


def alone(model, table) -> np.ndarray:
    """What a model gives to each text of a table alone, in lower case."""
    folder, classifier = model
    return one_by_one(classifier, AutoTokenizer.from_pretrained(folder), list(table["text"].str.lower()))


def check_labels(rows, thresholds) -> None:
    given = probabilities_in(rows) >= thresholds
    assert [[row[label] for label in LABELS] for row in rows] == [[str(int(value)) for value in row] for row in given]


def test_each_text_gets_what_the_model_gives_it_alone(model, texts, tmp_path):
    found = labelled(texts[0], tmp_path / "out.csv", model[0])
    assert [row["id"] for row in found] == list(texts[1]["id"])
    assert np.abs(probabilities_in(found) - alone(model, texts[1])).max() < 1e-5
    check_labels(found, (0.4, 0.5, 0.6))
    assert not list(tmp_path.glob(f"*{PARTS}"))


def test_a_models_prompt_is_put_around_each_text_once_it_is_cleaned(model, texts, tmp_path):
    """Fault: new texts are read without the prompt that the run was trained with."""
    folder = shutil.copytree(model[0], tmp_path / "model")
    write_json(folder / LABELLING, {**read_json(folder / LABELLING), "prompt": "w7 W8 {text}"})
    found = labelled(texts[0], tmp_path / "out.csv", folder)
    whole = texts[1].assign(text="w7 W8 " + texts[1]["text"].str.lower())
    expected = one_by_one(model[1], AutoTokenizer.from_pretrained(folder), list(whole["text"]))
    assert np.abs(probabilities_in(found) - expected).max() < 1e-5


def test_several_models_give_the_means_of_their_probabilities_and_thresholds(model, save_model, texts, tmp_path):
    other = save_model(2, (0.2, 0.5, 0.2))
    found = labelled(texts[0], tmp_path / "out.csv", model[0], other[0])
    means = (alone(model, texts[1]) + alone(other, texts[1])) / 2
    assert np.abs(probabilities_in(found) - means).max() < 1e-5
    check_labels(found, (0.3, 0.5, 0.4))


def test_models_for_other_labels_are_no_ensemble(model, save_model):
    other, _ = save_model(3, (0.5, 0.5, 0.5))
    config, how = read_json(other / "config.json"), read_json(other / LABELLING)
    write_json(other / "config.json", {**config, "labels": ["anger", "joy", "fear"]})
    with pytest.raises(
        InputError, match=r"expected a model for the labels of .* \(anger, fear, joy\), found anger, joy, fear"
    ):
        Ensemble([model[0], other], 1)
    assert set(how["thresholds"]) == set(LABELS)


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet"])
def test_other_forms_hold_what_the_table_holds(model, texts, tmp_path, name):
    table = labelled(texts[0], tmp_path / "out.csv", model[0])
    label_file(texts[0], Ensemble([model[0]], 1), key_of(texts[0], [model[0]]), tmp_path / name, lambda done: None)
    other = pd.read_parquet(tmp_path / name) if "parquet" in name else pd.read_json(tmp_path / name, lines=True)
    assert list(other) == list(table[0]) and list(other["id"]) == [row["id"] for row in table]
    for label in LABELS:
        assert list(other[label]) == [int(row[label]) for row in table]
    columns = [f"{label}_probability" for label in LABELS]
    np.testing.assert_allclose(other[columns].to_numpy(), probabilities_in(table), atol=1e-9)


def test_a_start_after_a_kill_labels_only_what_is_left(model, texts, tmp_path, monkeypatch):
    folder, _ = model
    whole = labelled(texts[0], tmp_path / "whole.csv", folder)
    monkeypatch.setattr(new_texts, "PART", 7)
    labeller, key, asked = Ensemble([folder], 1), key_of(texts[0], [folder]), []
    predict = labeller.probabilities

    def killed_in_the_fourth_part(part):
        asked.append(len(part))
        if len(asked) == 4:
            raise KeyboardInterrupt
        return predict(part)

    labeller.probabilities = killed_in_the_fourth_part
    with pytest.raises(KeyboardInterrupt):
        label_file(texts[0], labeller, key, tmp_path / "out.csv", lambda done: None)
    assert not (tmp_path / "out.csv").exists() and asked == [7, 7, 7, 7]
    label_file(texts[0], labeller, key, tmp_path / "out.csv", lambda done: None)
    assert asked[4:] == [7, 7, 7, 7, 1], "three parts were there"
    again = rows_of(tmp_path / "out.csv")
    assert [row["id"] for row in again] == [row["id"] for row in whole]
    assert np.abs(probabilities_in(again) - probabilities_in(whole)).max() < 1e-5


@pytest.mark.parametrize("change", ["a text", "a threshold", "a template"])
def test_parts_of_other_texts_or_models_are_not_taken(save_model, texts, tmp_path, change):
    folder, _ = save_model(4, (0.5, 0.5, 0.5))
    read, key = texts[0], key_of(texts[0], [folder])
    if change == "a text":
        with read.path.open("a") as file:
            file.write("t50,one more\n")
    elif change == "a threshold":
        write_json(folder / LABELLING, {**read_json(folder / LABELLING), "thresholds": dict.fromkeys(LABELS, 0.1)})
    else:
        read = NewTexts(read.path, "{id} {text}")
    parts = tmp_path / f"out.csv{PARTS}"
    write_json(parts / "key.json", key)
    np.save(parts / "000000.npy", np.full((50, 3), 0.987654321))
    found = labelled(read, tmp_path / "out.csv", folder)
    assert 0.987654321 not in probabilities_in(found)


def test_rows_without_ids_have_numbers_and_empty_texts_no_labels(model, tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text('\ufeffnote,mark\r\n"w1, ""w2""\nw3",x\r\n   ,x\r\n=w4,x\r\n', encoding="utf-8", newline="")
    texts = NewTexts(path, "note")
    key = key_of(texts, [model[0]])
    empty = label_file(texts, Ensemble([model[0]], 1), key, tmp_path / "out.csv", lambda done: None)
    found = rows_of(tmp_path / "out.csv")
    assert [row["id"] for row in found] == ["1", "2", "3"] and empty == 1
    assert set(list(found[1].values())[1:]) == {""} and "" not in found[2].values()


def test_long_texts_are_cut_as_in_training(model, tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("text\n" + "w1 " * 200_000 + "\nw1\n")
    found = labelled(NewTexts(path), tmp_path / "out.csv", model[0])
    cut = one_by_one(model[1], AutoTokenizer.from_pretrained(model[0]), ["w1 " * 30])  # and two special tokens
    assert float(found[0]["anger_probability"]) == pytest.approx(cut[0, 0], abs=1e-5)


def test_a_file_without_texts_gives_a_table_without_rows(model, tmp_path):
    (tmp_path / "texts.csv").write_text("id,text\n")
    assert labelled(NewTexts(tmp_path / "texts.csv"), tmp_path / "out.csv", model[0]) == []
    header = (tmp_path / "out.csv").read_text()
    assert header.count("_probability") == 3 and header.startswith('"id","anger"')


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(InputError, match=r"expected a run's model with labelling\.json, found none"):
        Ensemble([tmp_path], 1)


@pytest.fixture
def chosen(model, save_model, tmp_path):
    """An ensemble's folder in a folder of results whose two runs have models."""
    for run, (folder, _) in {"one": model, "two": save_model(2, (0.2, 0.5, 0.2))}.items():
        shutil.copytree(folder, tmp_path / "results" / "runs" / run / "model")
    folder = tmp_path / "results" / "ensembles" / "greedy"
    thresholds = dict(zip(LABELS, (0.35, 0.45, 0.55), strict=True))
    write_record(
        folder / LABELLING, {"labels": LABELS, "thresholds": thresholds, "weights": {"one": 0.75, "two": 0.25}}, []
    )
    return folder


def test_an_ensemble_of_a_study_gives_the_weighted_mean_at_its_own_thresholds(
    chosen, model, save_model, texts, tmp_path
):
    found = labelled(texts[0], tmp_path / "out.csv", chosen)
    means = 0.75 * alone(model, texts[1]) + 0.25 * alone(save_model(2, (0.2, 0.5, 0.2)), texts[1])
    assert np.abs(probabilities_in(found) - means).max() < 1e-5
    check_labels(found, (0.35, 0.45, 0.55))


def test_other_weights_or_another_model_of_a_run_leave_no_finished_part_standing(chosen, texts):
    keys = [key_of(texts[0], [chosen])]
    how = read_json(chosen / LABELLING)
    write_record(chosen / LABELLING, {**how, "weights": {"one": 0.5, "two": 0.5}}, [])
    keys.append(key_of(texts[0], [chosen]))
    (chosen.parents[1] / "runs" / "two" / "model" / "model.safetensors").write_bytes(b"others")
    assert len({*keys, key_of(texts[0], [chosen])}) == 3


def test_an_ensemble_without_the_models_of_its_runs_says_which_and_how_to_get_them(chosen):
    (chosen.parents[1] / "runs" / "two" / "model" / LABELLING).unlink()
    with pytest.raises(
        InputError, match=r"its 2 runs, found none of 1 of them: two. .* snakemake \S*runs/two/model/\S+;"
    ):
        Ensemble([chosen], 1)
