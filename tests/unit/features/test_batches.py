"""Padding and batches: every value in its place, every text once."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from emotion_grid.features.batches import attention_mask, batches_by_length, pad, token_inputs
from emotion_grid.features.index import Index


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
