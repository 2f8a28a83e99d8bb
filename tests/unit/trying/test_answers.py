"""What the page says of a text is what the program predicts, and its words sum to the logits."""

import shutil

import numpy as np
import pytest
from transformers import AutoTokenizer

from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.layout import LABELLING
from emotion_grid.model.classifier import build_classifier
from emotion_grid.trying.answers import TriedModel
from testing.classifiers import HEADS, LABELS, one_by_one, perturb_trained


@pytest.fixture(scope="module")
def model(encoders, make_spec, tmp_path_factory):
    """A saved classifier of at most 16 tokens whose texts are lower-cased."""
    folder = tmp_path_factory.mktemp("run") / "model"
    classifier = build_classifier(make_spec(encoders("bert"), HEADS["mlp-mean"], 2, "none"), encoders("bert"))
    perturb_trained(classifier)
    classifier.config.max_length = 16
    classifier.save(folder)
    AutoTokenizer.from_pretrained(encoders("bert")).save_pretrained(folder)
    thresholds = dict(zip(LABELS, (0.4, 0.5, 0.6), strict=True))
    write_json(folder / LABELLING, {"clean": ["lowercase"], "precision": "fp32", "thresholds": thresholds})
    return folder, classifier


def test_an_answer_is_the_models_and_its_words_sum_to_it(model):
    folder, classifier = model
    answer = TriedModel(folder, 1, 500).answer("W1 w2 W3 w4 w5")
    alone = one_by_one(classifier, AutoTokenizer.from_pretrained(folder), ["w1 w2 w3 w4 w5"])[0]
    assert np.abs(answer.probabilities - alone).max() < 1e-5
    assert list(answer.thresholds) == [0.4, 0.5, 0.6] and answer.labels == LABELS and not answer.is_cut
    assert answer.explanation.words == ["w1", "w2", "w3", "w4", "w5"]
    sums = answer.explanation.base + answer.explanation.values.sum(0)
    assert np.abs(1 / (1 + np.exp(-sums)) - alone).max() < 1e-4


def test_a_prompt_is_put_around_the_text_and_is_none_of_its_words(model, tmp_path):
    folder, classifier = model
    copy = shutil.copytree(folder, tmp_path / "model")
    write_json(copy / LABELLING, {**read_json(copy / LABELLING), "prompt": "w7 w8 {text}"})
    tried = TriedModel(copy, 1, 500)
    answer = tried.answer("W1 w2 W3")
    alone = one_by_one(classifier, AutoTokenizer.from_pretrained(folder), ["w7 w8 w1 w2 w3"])[0]
    assert np.abs(answer.probabilities - alone).max() < 1e-5 and answer.explanation.words == ["w1", "w2", "w3"]
    assert tried.answer("w1 " * 13).is_cut and not TriedModel(folder, 1, 500).answer("w1 " * 13).is_cut


def test_long_and_empty_texts(model):
    tried = TriedModel(model[0], 1, 20)
    answer = tried.answer("w1 " * 40)
    assert answer.is_cut and len(answer.explanation.words) == 14
    assert tried.answer("  ") is None
