"""Untrained classifiers on tiny encoders, and their batches."""

import pytest
import torch
from transformers import AutoTokenizer

from emotion_grid.model.classifier import build_classifier
from testing.classifiers import HEADS, TEXTS


@pytest.fixture(scope="module")
def build(encoders, make_spec):
    """Call with a family and axis values: the untrained classifier, the same at every call."""

    def classifier(family, head="mlp-mean", freeze=0, lora="none"):
        torch.manual_seed(3)
        return build_classifier(make_spec(encoders(family), HEADS[head], freeze, lora), encoders(family))

    return classifier


@pytest.fixture(scope="module")
def batch(encoders):
    """Call with a family and texts: the padded batch."""

    def tokens(family, texts=TEXTS, **kwargs):
        tokenizer = AutoTokenizer.from_pretrained(encoders(family), local_files_only=True)
        return dict(tokenizer(list(texts), padding=True, return_tensors="pt", **kwargs))

    return tokens
