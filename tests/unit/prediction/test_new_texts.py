"""New texts get the labels that the model gives to each alone, in parts that a kill does not lose."""

import csv

import numpy as np
import pytest
from transformers import AutoTokenizer

from emotion_grid.base.files import write_json
from emotion_grid.base.messages import InputError
from emotion_grid.model.classifier import build_classifier
from emotion_grid.prediction import new_texts
from emotion_grid.prediction.new_texts import LABELLING, PARTS, Labeller, NewTexts, key_of, label_file
from testing.classifiers import HEADS, LABELS, one_by_one, perturb_trained, word_table


@pytest.fixture(scope="module")
def model(encoders, make_spec, tmp_path_factory):
    """A saved classifier whose texts are lower-cased."""
    folder = tmp_path_factory.mktemp("run") / "model"
    classifier = build_classifier(make_spec(encoders("bert"), HEADS["mlp-mean"], 2, "none"), encoders("bert"))
    perturb_trained(classifier)
    classifier.config.max_length = 32
    classifier.save(folder)
    AutoTokenizer.from_pretrained(encoders("bert")).save_pretrained(folder)
    thresholds = dict(zip(LABELS, (0.4, 0.5, 0.6), strict=True))
    write_json(folder / LABELLING, {"clean": ["lowercase"], "precision": "fp32", "thresholds": thresholds})
    return folder, classifier


@pytest.fixture
def texts(tmp_path):
    """Fifty texts of many lengths, in capitals."""
    table = word_table(50)
    table["text"] = table["text"].str.upper()
    table[["id", "text"]].to_csv(tmp_path / "texts.csv", index=False)
    return NewTexts(tmp_path / "texts.csv", "text"), table


def rows_of(path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def labelled(texts, folder, output) -> list[dict]:
    label_file(texts, Labeller(folder, 1), key_of(texts, folder), output, lambda done: None)
    return rows_of(output)


def test_each_text_gets_what_the_model_gives_it_alone(model, texts, tmp_path):
    folder, classifier = model
    found = labelled(texts[0], folder, tmp_path / "out.csv")
    alone = one_by_one(classifier, AutoTokenizer.from_pretrained(folder), list(texts[1]["text"].str.lower()))
    assert [row["id"] for row in found] == list(texts[1]["id"])
    given = np.array([[float(row[f"{label}_probability"]) for label in LABELS] for row in found])
    assert np.abs(given - alone).max() < 1e-5
    assert [[row[label] for label in LABELS] for row in found] == [
        [str(int(value)) for value in row] for row in given >= (0.4, 0.5, 0.6)
    ]
    assert not list(tmp_path.glob(f"*{PARTS}"))


def test_a_start_after_a_kill_labels_only_what_is_left(model, texts, tmp_path, monkeypatch):
    folder, _ = model
    whole = labelled(texts[0], folder, tmp_path / "whole.csv")
    monkeypatch.setattr(new_texts, "PART", 7)
    labeller, key, asked = Labeller(folder, 1), key_of(texts[0], folder), []
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
    assert [row["id"] for row in rows_of(tmp_path / "out.csv")] == [row["id"] for row in whole]
    for one, other in zip(rows_of(tmp_path / "out.csv"), whole, strict=True):
        assert float(one["joy_probability"]) == pytest.approx(float(other["joy_probability"]), abs=1e-5)


def test_parts_of_another_file_or_threshold_are_not_taken(model, texts, tmp_path, monkeypatch):
    folder, _ = model
    monkeypatch.setattr(new_texts, "PART", 7)
    key = key_of(texts[0], folder)
    parts = tmp_path / f"out.csv{PARTS}"
    write_json(parts / "key.json", "of another file")
    (parts / "000000.csv").write_text("stale,1,1,1,1,1,1\n")
    assert "stale" not in {row["id"] for row in labelled(texts[0], folder, tmp_path / "out.csv")}
    with texts[0].path.open("a") as file:
        file.write("t50,one more\n")
    assert key_of(texts[0], folder) != key


def test_rows_without_ids_have_numbers_and_empty_texts_no_labels(model, tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text('\ufeffnote,mark\r\n"w1, ""w2""\nw3",x\r\n   ,x\r\n=w4,x\r\n', encoding="utf-8", newline="")
    texts = NewTexts(path, "note")
    empty = label_file(texts, Labeller(model[0], 1), key_of(texts, model[0]), tmp_path / "out.csv", lambda done: None)
    found = rows_of(tmp_path / "out.csv")
    assert [row["id"] for row in found] == ["1", "2", "3"] and empty == 1
    assert set(list(found[1].values())[1:]) == {""} and "" not in found[2].values()


def test_long_texts_are_cut_as_in_training(model, tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("text\n" + "w1 " * 200_000 + "\nw1\n")
    found = labelled(NewTexts(path, "text"), model[0], tmp_path / "out.csv")
    cut = one_by_one(model[1], AutoTokenizer.from_pretrained(model[0]), ["w1 " * 30])  # and two special tokens
    assert float(found[0]["anger_probability"]) == pytest.approx(cut[0, 0], abs=1e-5)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"id,words\n1,a\n", "texts.csv: expected the column text, found id, words; name another by --column"),
        (b"", "texts.csv: expected the column text, found nothing"),
        (b"id,text\n1,a\n2\n", "texts.csv, line 3: expected 2 cells, found 1"),
        (b'id,text\n1,"a\n', "texts.csv, line 2: expected a CSV table, found: unexpected end of data"),
        (b"id,text\n1,\xff\xfe\n", "texts.csv: expected UTF-8"),
    ],
)
def test_what_is_no_table_is_refused(model, tmp_path, content, expected):
    (tmp_path / "texts.csv").write_bytes(content)
    with pytest.raises(InputError) as refused:
        labelled(NewTexts(tmp_path / "texts.csv", "text"), model[0], tmp_path / "out.csv")
    assert expected in str(refused.value) and not (tmp_path / "out.csv").exists()


def test_a_missing_file_and_a_folder_without_a_model_are_named(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.csv: expected a CSV file with the texts to label, found none"):
        NewTexts(tmp_path / "nothing.csv", "text")
    with pytest.raises(InputError, match=r"expected a run's model with labelling\.json, found none"):
        Labeller(tmp_path, 1)
