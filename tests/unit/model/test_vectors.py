"""A classifier on word vectors: what of it trains, what padding may not do, and that it loads as it was."""

import numpy as np
import pytest
import torch
from safetensors import safe_open
from transformers import AutoTokenizer

from emotion_grid.encoders.vectors import write_vectors
from emotion_grid.model.classifier import EmotionClassifier, build_classifier
from emotion_grid.model.encoder import load_encoder
from emotion_grid.model.whole import save_whole
from testing.classifiers import HEADS, TEXTS, perturb_trained, probabilities_of
from testing.vectors import write_words

WORDS = {f"w{number}": tuple(np.random.default_rng(number).normal(size=16).round(3).tolist()) for number in range(40)}
READERS = ["mlp-mean", "attention-2", "lstm", "lstm-attention"]
"""Heads that word vectors can have."""


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    """The folder of an encoder that is word vectors, and the file that it was made of."""
    folder = tmp_path_factory.mktemp("vectors")
    (folder / "encoder").mkdir()
    write_vectors(list(WORDS), np.array(list(WORDS.values()), dtype=np.float32), folder / "encoder")
    return folder / "encoder", write_words(folder / "words.txt", WORDS)


@pytest.fixture(scope="module")
def build_on(vectors, make_spec):
    """Call with a head and `freeze`: the untrained classifier."""

    def classifier(head, freeze=0):
        folder, file = vectors
        return build_classifier(make_spec(f"vectors:{file}", HEADS[head], freeze), folder)

    return classifier


@pytest.fixture(scope="module")
def batch_of(vectors):
    """Call with texts: the padded batch."""
    tokenizer = AutoTokenizer.from_pretrained(vectors[0], local_files_only=True)
    return lambda texts: dict(tokenizer(list(texts), padding=True, return_tensors="pt"))


def test_hidden_states_are_the_words_vectors(vectors, batch_of):
    encoder = load_encoder(vectors[0])
    assert encoder.anatomy.layers == "" and not encoder.anatomy.padding
    states = encoder.model(**batch_of(["w3 w11"])).last_hidden_state[0]
    assert torch.allclose(states, torch.tensor([WORDS["w3"], WORDS["w11"]], dtype=torch.float32))


@pytest.mark.parametrize("head", READERS)
def test_all_fixes_the_vectors_and_0_trains_those_of_the_texts(build_on, batch_of, head):
    """Fault: vectors that never train, or that of padding trained with them."""
    gold = torch.tensor([[1.0, 0.0, 1.0]])
    for freeze, moved in (("all", set()), (0, {"w3", "w11"})):
        model = build_on(head, freeze).train()
        inputs = batch_of(["w3 w11", "w3"])
        model(**inputs, labels=gold.expand(2, -1)).loss.backward()
        table = model.encoder.words.weight
        assert table.requires_grad == (freeze == 0)
        rows = set() if table.grad is None else set(table.grad.abs().sum(1).nonzero().flatten().tolist())
        ids = batch_of(["w3 w11"])["input_ids"][0].tolist()
        assert rows == {row for row, word in zip(ids, ("w3", "w11"), strict=True) if word in moved}


@pytest.mark.parametrize("head", READERS)
def test_padding_changes_no_logit(build_on, batch_of, head):
    """Fault: an LSTM that reads padding before it reads a text from right to left."""
    model = build_on(head).eval()
    with torch.no_grad():
        together = model(**batch_of(TEXTS)).logits
        alone = torch.cat([model(**batch_of([text])).logits for text in TEXTS])
    assert torch.allclose(together, alone, rtol=0, atol=1e-6)
    assert together.std(0).min() > 1e-3


@pytest.mark.parametrize("freeze", [0, "all"])
def test_a_saved_classifier_loads_as_it_was_and_a_whole_one_needs_no_encoder(build_on, batch_of, tmp_path, freeze):
    """Fault: trained vectors that are not saved, or fixed ones that are saved with each run."""
    model = build_on("lstm-attention", freeze)
    perturb_trained(model)
    expected = probabilities_of(model, batch_of(TEXTS))
    model.save(tmp_path / "model")
    with safe_open(tmp_path / "model" / "model.safetensors", "pt") as file:
        assert ("encoder.words.weight" in file.keys()) == (freeze == 0)  # noqa: SIM118
    loaded = EmotionClassifier.from_pretrained(tmp_path / "model")
    assert torch.equal(probabilities_of(loaded, batch_of(TEXTS)), expected)
    save_whole(loaded, tmp_path / "whole")
    whole = EmotionClassifier.from_pretrained(tmp_path / "whole", encoder=tmp_path / "not-needed")
    assert torch.equal(probabilities_of(whole, batch_of(TEXTS)), expected)
