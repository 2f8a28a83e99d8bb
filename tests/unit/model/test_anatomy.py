"""What an encoder is made of is found in itself: its layers, what acts above them, whether tokens see those after them."""

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.model.classifier import build_classifier
from emotion_grid.model.encoder import load_encoder

LAYERS = 4
MADE = {  # layers, what of it trains above layer 2 beside these, causal, enterable
    "bert": ("encoder.layer", set(), False, True),
    "xlnet": ("layer", set(), False, False),
    "esm": ("encoder.layer", {"encoder.emb_layer_norm_after.weight", "encoder.emb_layer_norm_after.bias"}, False, True),
    "modernbert": ("layers", {"final_norm.weight"}, False, True),
    "gpt2": ("h", {"ln_f.weight", "ln_f.bias"}, True, True),
    "qwen2": ("layers", {"norm.weight"}, True, True),
    "gemma3_text": ("layers", {"norm.weight"}, True, True),
    "llama": ("layers", {"norm.weight"}, True, True),
    "opt": ("decoder.layers", {"decoder.final_layer_norm.weight", "decoder.final_layer_norm.bias"}, True, True),
    "t5": ("block", {"final_layer_norm.weight"}, False, False),
    "bart": ("layers", set(), False, True),
    "xlm": (
        "attentions",
        {
            f"{part}.{layer}.{kind}"
            for part in ("layer_norm1", "ffns", "layer_norm2")
            for layer in (2, 3)
            for kind in (
                ("lin1.weight", "lin1.bias", "lin2.weight", "lin2.bias") if part == "ffns" else ("weight", "bias")
            )
        },
        False,
        False,
    ),
}


@pytest.mark.parametrize("family", MADE)
def test_freeze_fixes_what_is_below_and_nothing_above(encoders, make_spec, family):
    """Fault: the norm above the top layer (ModernBERT, all decoders) was fixed with the layers below."""
    layers, above, causal, enterable = MADE[family]
    folder, head = encoders(family), {"type": "mlp", "pooling": "mean"}
    model = build_classifier(make_spec(folder, head, 2), folder)
    names = {name for name, parameter in model.encoder.named_parameters() if parameter.requires_grad}
    inside = {name for name, _ in model.encoder.named_parameters() if name.startswith((f"{layers}.2.", f"{layers}.3."))}
    assert inside and names == inside | above
    assert (model.anatomy.causal, model.anatomy.enterable) == (causal, enterable)
    model.train()
    off = {name for name, module in model.encoder.named_modules() if not module.training}
    assert f"{layers}.1" in off and f"{layers}.2" not in off
    assert not off & {name.rpartition(".")[0] for name in above}


def test_layers_that_share_weights_are_frozen_all_or_none(encoders, make_spec):
    """Fault: ALBERT's one layer, which is used for all, frozen for the lower ones and trained for the upper ones."""
    folder = encoders("albert")
    assert load_encoder(folder).anatomy.why == "its layers share their weights"
    for freeze in (0, "all"):
        assert build_classifier(make_spec(folder, None, freeze), folder)
    with pytest.raises(InputError, match=r"freeze: expected 0 or all for the family albert, since its layers share"):
        build_classifier({**make_spec(folder, None, 0), "freeze": 2}, folder)


@pytest.mark.parametrize("family", [family for family, made in MADE.items() if made[2]])
def test_the_first_token_of_a_causal_encoder_is_refused(encoders, make_spec, family):
    """Fault: a decoder's first token saw only itself, so the classifier gave every text the same probabilities."""
    folder = encoders(family)
    spec = {**make_spec(folder, {"type": "mlp", "pooling": "last"}), "head": make_spec(encoders("bert"))["head"]}
    with pytest.raises(InputError, match=rf"head\.pooling: expected last or mean for the family {family}"):
        build_classifier(spec, folder)
