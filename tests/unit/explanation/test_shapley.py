"""Explanations: the library's values, contributions that sum to the logit, nothing computed twice, nothing beyond the bound."""

import shutil

import numpy as np
import pytest
import torch
from shap import PartitionExplainer

from emotion_grid.explanation.shapley import (
    Explanation,
    WordMasker,
    Words,
    check_sums,
    explain_texts,
    halves,
    maskings,
    maskings_in_batches,
    model_logits,
    split_words,
)

MASK = 1


def text(*ids: int) -> Words:
    """Every token a word, between two special tokens."""
    return Words(np.array([2, *ids, 3]), np.array([-1, *range(len(ids)), -1]), [f"w{number}" for number in ids])


def additive(rows: list[np.ndarray]) -> np.ndarray:
    """Two logits that words add to one by one: the token's id over 10, and its negative; a mask adds nothing."""
    sums = np.array([(row[row > MASK] / 10).sum() for row in rows])
    return np.stack([sums, -sums], axis=1)


def crossed(rows: list[np.ndarray]) -> np.ndarray:
    """Logits in which words matter together and by their place."""
    return np.array([[np.sin(np.dot(row, np.arange(len(row)))), np.prod(np.cos(row))] for row in rows])


TEXTS = [text(5, 6, 7), text(9), text(*range(4, 17)), text(5, 6, 7), text(8, 8), text()]


def test_words_of_an_additive_model_add_what_they_add():
    found, _ = explain_texts(TEXTS, additive, MASK, 500)
    for words, one in zip(TEXTS, found, strict=True):
        assert one.values[:, 0] == pytest.approx(words.ids[1:-1] / 10)
        assert one.values[:, 1] == pytest.approx(-words.ids[1:-1] / 10)
        assert one.base == pytest.approx([0.5, -0.5]), "what the special tokens add"


def test_values_are_the_librarys_and_sum_to_the_logits():
    found, model = explain_texts(TEXTS, crossed, MASK, 500)
    for words, one in zip(TEXTS, found, strict=True):
        assert one.logits == pytest.approx(crossed([words.ids])[0])
        assert one.base + one.values.sum(0) == pytest.approx(one.logits)
    explainer = PartitionExplainer(lambda rows: crossed(list(rows)), WordMasker(TEXTS[2], MASK))
    how = {"main_effects": False, "error_bounds": False, "outputs": None, "silent": True, "fixed_context": None}
    row = explainer.explain_row(np.arange(13), max_evals=500, batch_size=10, **how)
    assert found[2].values == pytest.approx(row["values"])
    assert model.computed < model.asked, "the same text twice is computed once"


def test_maskings_are_counted_and_bounded():
    for words in (text(*range(4, 12)), text(*range(4, 40))):
        for bound in (40, 5000):
            (one,), model = explain_texts([words], crossed, MASK, bound)
            assert model.asked - 2 <= maskings(len(words.words), bound) <= bound
            check_sums(one)


def test_contributions_that_do_not_sum_to_the_logits_are_refused():
    with pytest.raises(ValueError, match="sum to the logits"):
        check_sums(Explanation(["a"], np.array([[1.0]]), np.array([0.0]), np.array([1.1])))


def test_a_model_that_fails_ends_the_explanation_with_its_message():
    def failing(rows: list[np.ndarray]) -> np.ndarray:
        if len(rows) > 6:
            raise MemoryError("no memory left")
        return additive(rows)

    with pytest.raises(MemoryError, match="no memory left"):
        explain_texts(TEXTS, failing, MASK, 500)


def test_batches_hold_every_row_once_and_no_more_tokens_than_allowed():
    rows = [np.zeros(length) for length in (3, 50, 7, 7, 1, 20, 2)]
    found = list(maskings_in_batches(rows, 40))
    assert sorted(place for batch in found for place in batch) == list(range(7))
    assert all(len(batch) == 1 or len(batch) * max(len(rows[place]) for place in batch) <= 40 for batch in found)


@pytest.mark.parametrize("count", [2, 3, 8, 13])
def test_the_tree_joins_neighbours_once(count):
    tree, members = halves(count), {place: [place] for place in range(count)}
    for number, (left, right, _, size) in enumerate(tree):
        joined = members.pop(int(left)) + members.pop(int(right))
        assert joined == list(range(joined[0], joined[0] + int(size)))
        members[count + number] = joined
    assert list(members.values()) == [list(range(count))]


def test_a_trained_model_is_explained_from_its_text(encoders, make_spec, family):
    from transformers import AutoTokenizer

    from emotion_grid.model.classifier import build_classifier

    folder = encoders(family)
    model = build_classifier(make_spec(folder), folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = ["w1 w2 w3 w4", "w5 <b>unknown</b> w6"]
    words = split_words(texts, tokenizer, 64)
    assert words[0].words == ["w1", "w2", "w3", "w4"] and words[1].words[1] == "<b>unknown</b>"
    found, _ = explain_texts(
        words, model_logits(model, tokenizer.pad_token_id, torch.device("cpu")), tokenizer.mask_token_id, 200
    )
    with torch.inference_mode():
        expected = model(**tokenizer(texts[0], return_tensors="pt")).logits[0].numpy()
    assert found[0].logits == pytest.approx(expected, abs=1e-5)
    assert found[0].base + found[0].values.sum(0) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("prompt", ["w7 w8 {text}", "{text} w7", "w7 {text} w8 w9", "w{text}"])
def test_words_of_a_prompt_are_fixed_and_those_of_the_text_sum_to_the_logits(encoders, make_spec, prompt):
    """Fault: a prompt's own words are masked and explained, or the text is explained without it."""
    from emotion_grid.model.classifier import build_classifier
    from emotion_grid.model.tokenizer import load_tokenizer

    folder = encoders("bert")
    model, tokenizer = build_classifier(make_spec(folder), folder).eval(), load_tokenizer(folder)
    words = ["1" if prompt == "w{text}" else "w1", "<b>unknown</b>", "w3"]
    (split,) = split_words([" ".join(words)], tokenizer, 64, prompt)
    assert split.words == words, "a token that is half the prompt's is shown as far as it is the text's"
    logits, asked = model_logits(model, tokenizer.pad_token_id, torch.device("cpu")), []
    found, _ = explain_texts([split], lambda rows: asked.extend(rows) or logits(rows), tokenizer.mask_token_id, 200)
    with torch.inference_mode():
        expected = model(**tokenizer(prompt.format(text=" ".join(words)), return_tensors="pt")).logits[0].numpy()
    assert found[0].logits == pytest.approx(expected, abs=1e-5)
    assert found[0].base + found[0].values.sum(0) == pytest.approx(expected, abs=1e-4)
    of_prompt = {word for word in prompt.split() if "{" not in word}
    rows = [set(tokenizer.convert_ids_to_tokens(row.reshape(len(row), -1)[:, 0])) for row in asked]
    assert len(rows) > 4 and all(of_prompt <= row for row in rows)


def test_types_of_tokens_reach_the_model(encoders, make_spec, tmp_path):
    """Fault: XLNet's tokenizer gives its last token a type of its own, which explanations left out: they were of other logits."""
    from emotion_grid.model.classifier import build_classifier
    from emotion_grid.model.tokenizer import load_tokenizer

    folder = shutil.copytree(encoders("bert"), tmp_path / "bert")
    path = folder / "tokenizer.json"
    path.write_text(path.read_text().replace('"type_id": 0', '"type_id": 1'))
    model, tokenizer = build_classifier(make_spec(folder), folder).eval(), load_tokenizer(folder)
    words = split_words(["w1 w2 w3 w4", "w5 w6"], tokenizer, 64)
    logits = model_logits(model, tokenizer.pad_token_id, torch.device("cpu"))
    found, _ = explain_texts(words, logits, tokenizer.mask_token_id, 200)
    inputs = tokenizer("w1 w2 w3 w4", return_tensors="pt")
    with torch.inference_mode():
        expected = model(**inputs).logits[0].numpy()
        without = model(**{**inputs, "token_type_ids": torch.zeros_like(inputs["input_ids"])}).logits[0].numpy()
    assert np.abs(expected - without).max() > 1e-3
    assert found[0].logits == pytest.approx(expected, abs=1e-5)
