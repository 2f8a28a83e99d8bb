"""ONNX: a graph computes what its classifier computes, whatever the family and the head, or it is not written."""

import copy

import pytest
import torch
from transformers import AutoTokenizer

from emotion_grid.base.messages import InputError
from emotion_grid.model.classifier import EmotionClassifier, build_classifier
from testing.classifiers import HEADS, LORA, perturb_trained

onnxruntime = pytest.importorskip(
    "onnxruntime",
    reason="ONNX IS NOT TESTED: the packages of envs/onnx.txt are not installed (make test installs them)",
)

from emotion_grid.publishing import onnx  # noqa: E402


@pytest.fixture
def merged(encoders, make_spec, tmp_path):
    """Call with a family and a head: a classifier with merged adapters, and its tokenizer."""

    def make(family: str, head: str):
        spec = make_spec(encoders(family), HEADS[head], 2, LORA, max_length=48)
        model = build_classifier(spec, encoders(family))
        perturb_trained(model)
        model.save(tmp_path / "model")
        return (
            EmotionClassifier.from_pretrained(tmp_path / "model", merge=True),
            AutoTokenizer.from_pretrained(encoders(family)),
        )

    return make


@pytest.mark.parametrize(
    ("family", "head"),
    [
        ("bert", "attention-2"),
        ("roberta", "mlp-mean"),
        ("mpnet", "mlp-first"),
        ("distilbert", "mlp-last"),
        ("deberta-v2", "mlp-mean"),
    ],
)
def test_a_graph_computes_the_logits_of_its_classifier(merged, tmp_path, family, head):
    model, tokenizer = merged(family, head)
    path = tmp_path / "model.onnx"
    assert onnx.export(model, tokenizer, path) <= onnx.TOLERANCE
    session = onnxruntime.InferenceSession(path)
    texts = [" ".join(f"w{number}" for number in range(count)) for count in (1, 3, 30, 90)]
    inputs = tokenizer(texts, padding=True, truncation=True, max_length=48, return_tensors="pt")
    (found,) = session.run(["logits"], {one.name: inputs[one.name].numpy() for one in session.get_inputs()})
    with torch.no_grad():
        alone = torch.cat(
            [model(**tokenizer([text], truncation=True, max_length=48, return_tensors="pt")).logits for text in texts]
        )
    assert (torch.from_numpy(found) - alone).abs().max() < 1e-4


def test_a_graph_that_computes_something_else_is_not_written(merged, tmp_path, monkeypatch):
    model, tokenizer = merged("bert", "mlp-mean")
    path, program = tmp_path / "model.onnx", onnx._program

    def other(model, example):
        changed = copy.deepcopy(model)
        with torch.no_grad():
            changed.head.layers[-1].bias.add_(0.001)
        return program(changed, example)

    monkeypatch.setattr(onnx, "_program", other)
    with pytest.raises(InputError, match=r"expected a graph whose logits differ .* by at most 0\.0001, found 0\.001"):
        onnx.export(model, tokenizer, path)
    assert not path.exists()


def test_a_graph_for_one_number_of_texts_is_not_written(merged, tmp_path, monkeypatch):
    """Fault: a head that asks for the number of texts by len(), which a graph keeps as the number of its example."""
    model, tokenizer = merged("bert", "mlp-mean")
    forward = type(model.head).forward
    monkeypatch.setattr(
        type(model.head), "forward", lambda self, hidden, mask: forward(self, hidden, mask)[torch.arange(len(hidden))]
    )
    with pytest.raises(InputError, match="expected an encoder that can be exported, found BertModel: "):
        onnx.export(model, tokenizer, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


def test_an_encoder_that_cannot_be_exported_is_named(merged, tmp_path, monkeypatch):
    model, tokenizer = merged("bert", "mlp-mean")
    forward = type(model.encoder).forward
    monkeypatch.setattr(
        type(model.encoder),
        "forward",
        lambda self, *given, **named: forward(self, *given, **named) if named["input_ids"].sum().item() else None,
    )
    with pytest.raises(InputError, match="expected an encoder that can be exported, found BertModel: "):
        onnx.export(model, tokenizer, tmp_path / "model.onnx")
    assert not list(tmp_path.glob("*.onnx"))
