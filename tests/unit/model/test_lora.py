"""Which projections are adapted, in families of every kind, and that adapters save, load and merge."""

import pytest
import torch

from emotion_grid.base.messages import InputError
from emotion_grid.model.classifier import EmotionClassifier, build_classifier
from testing.classifiers import perturb_trained, probabilities_of

QUERY_AND_VALUE = {
    "modernbert": {"attn.Wqkv"},
    "gpt2": {"attn.c_attn"},
    "gpt_neox": {"attention.query_key_value"},
    "qwen2": {"self_attn.q_proj", "self_attn.v_proj"},
    "phi3": {"self_attn.qkv_proj"},
    "t5": {"layer.0.SelfAttention.q", "layer.0.SelfAttention.v"},
    "bart": {"self_attn.q_proj", "self_attn.v_proj"},
}
LINEAR = {"attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"}
"""All linear layers of GPT-2's blocks."""


@pytest.fixture
def adapted(encoders, make_spec):
    """Call with a family, values of LoRA and freeze: the classifier."""

    def classifier(family, freeze=0, **lora):
        spec = make_spec(encoders(family), {"type": "mlp", "pooling": "mean"}, freeze, {"rank": 2, "alpha": 8, **lora})
        return build_classifier(spec, encoders(family))

    return classifier


def _places(model) -> set[str]:
    found = [name for name, _ in model.encoder.named_modules() if name.endswith("lora_A.default")]
    return {name.removesuffix(".lora_A.default").removeprefix(f"{model.anatomy.layers}.") for name in found}


@pytest.mark.parametrize("freeze", [0, 2])
@pytest.mark.parametrize("family", QUERY_AND_VALUE)
def test_query_and_value_projections_are_found_in_every_family(adapted, family, freeze):
    """Fault: none found where they have other names, or where one fused projection holds them."""
    places = _places(adapted(family, freeze))
    assert places == {f"{layer}.{name}" for layer in range(freeze, 4) for name in QUERY_AND_VALUE[family]}


@pytest.mark.parametrize(
    ("targets", "expected"),
    [("all-linear", LINEAR), ("c_attn+c_fc", {"attn.c_attn", "mlp.c_fc"}), ("mlp.c_proj", {"mlp.c_proj"})],
)
def test_targets_are_all_linear_layers_or_those_that_are_named(adapted, targets, expected):
    assert _places(adapted("gpt2", 2, targets=targets)) == {f"{layer}.{name}" for layer in (2, 3) for name in expected}


def test_layers_that_are_not_there_are_named_with_those_that_are(adapted):
    """Fault: a misspelled name adapts nothing, and only the head trains."""
    with pytest.raises(InputError, match=r"lora\.targets: .*c_attn, c_fc, c_proj\), found q_proj"):
        adapted("gpt2", targets="c_attn+q_proj")
    with pytest.raises(InputError, match=r"lora: tiny: expected targets all-linear, found query-value\. "):
        adapted("xlnet")


@pytest.mark.parametrize("lora", [{}, {"rslora": True}, {"dora": True}], ids=["lora", "rslora", "dora"])
@pytest.mark.parametrize("family", ["bert", "gpt2", "modernbert", "qwen2"])
def test_adapters_train_with_the_head_alone_save_load_and_merge(adapted, tmp_path, family, lora):
    """Faults: a part of an adapter that is not saved; a fused or transposed projection that is merged wrongly."""
    model = adapted(family, targets="all-linear", **lora)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert all("lora_" in name or name.startswith("head.") for name in trained)
    assert {"head.layers.1.weight", "head.layers.4.bias"} <= trained
    assert any("lora_magnitude" in name for name in trained) == ("dora" in lora)
    scale = next(module.scaling["default"] for module in model.modules() if hasattr(module, "lora_A"))
    assert scale == pytest.approx(8 / 2**0.5 if "rslora" in lora else 4)
    batch = {
        "input_ids": torch.tensor([[5, 6, 7, 8], [9, 10, 0, 0]]),
        "attention_mask": torch.tensor([[1] * 4, [1, 1, 0, 0]]),
    }
    fresh = probabilities_of(model, batch)
    perturb_trained(model)
    expected = probabilities_of(model, batch)
    assert (expected - fresh).abs().max() > 1e-3
    model.save(tmp_path)
    assert torch.equal(probabilities_of(EmotionClassifier.from_pretrained(tmp_path), batch), expected)
    merged = EmotionClassifier.from_pretrained(tmp_path, merge=True)
    assert torch.allclose(probabilities_of(merged, batch), expected, rtol=0, atol=1e-5)
