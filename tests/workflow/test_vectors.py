"""Word vectors go through the workflow as any encoder does: fetched, trained and fixed, explained, with a card that predicts."""

import csv

import numpy as np

from emotion_grid.base.files import read_json
from testing.tiny import WORDS
from testing.vectors import write_words


def test_a_study_on_word_vectors_is_trained_explained_and_predicts(pristine_project):
    project = pristine_project
    random = np.random.default_rng(1)
    words = {word: tuple(random.normal(size=12).round(4).tolist()) for word in WORDS}
    write_words(project.folder / "encoders" / "words.bin.gz", words, "word2vec_binary", zipped=True)
    heads = [{"type": "mlp", "layers": 1, "pooling": "mean"}, {"type": "lstm", "size": 8, "attention": [False, True]}]
    project.configure(
        encoders={"words": {"model": "vectors:encoders/words.bin.gz"}},
        grid=[{"encoder": "words", "head": heads, "freeze": [0, "all"], "seed": [1, 2]}],
        training={**project.config["training"], "epochs": 4, "learning_rate": 0.01},
        explanations={"texts": 5, "evaluations": 20},
    )
    assert len(project.run().trained) == 12
    runs = project.summary()
    assert {(row["head_type"], row["head_attention"], row["freeze"]) for row in runs} == {
        (head, attention, freeze)
        for head, attention in (("mlp", ""), ("lstm", "False"), ("lstm", "True"))
        for freeze in ("0", "all")
    }
    for row in runs:
        facts = read_json(project.home / "runs" / row["run"] / "provenance.json")
        if row["head_type"] == "mlp":
            own = 3 * 12 + 3
            assert facts["trainable_parameters"] == own + (12 * (len(WORDS) + 2) if row["freeze"] == "0" else 0)
    best = next(row["run"] for row in csv.DictReader((project.home / "models.csv").open()) if row["best"] == "True")
    assert (project.home / "explanations" / best / "explanation.html").is_file()
    card = (project.home / "runs" / best / "model" / "README.md").read_text(encoding="utf-8")
    assert "a local file, digest" in card
    project.run("label", "--config", "new_texts=texts/dev.csv")
    with (project.home / "labelled" / best / "dev.csv").open(newline="") as file:
        labelled = [float(row["joy_probability"]) for row in csv.DictReader(file)]
    with (project.home / "runs" / best / "predictions" / "dev.csv").open(newline="") as file:
        predicted = [float(row["joy"]) for row in csv.DictReader(file)]
    assert np.abs(np.array(labelled) - predicted).max() < 1e-5
    assert project.run().nothing
