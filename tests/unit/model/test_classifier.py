"""The classifier: what is trained, what the head reads, what padding may not do, what it returns."""

import math
import re

import pytest
import torch
from torch import nn
from transformers import AutoModel
from transformers.utils import ModelOutput

from emotion_grid.training.optimisation import make_optimizer
from testing.classifiers import (
    ADAPTED,
    FAMILIES,
    HEADS,
    LABELS,
    LAYERS,
    LORA,
    STACK,
    TEXTS,
    VARIANTS,
    VOCABULARY,
    WIDTH,
    layer_of,
    named,
    trained_names,
)

GOLD = torch.tensor([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]])

BELOW = {
    "mpnet": {"encoder.relative_attention_bias.weight"},
    "electra": {"embeddings_project.weight", "embeddings_project.bias"},
    "deberta": {"encoder.rel_embeddings.weight"},
    "deberta-v2": {"encoder.rel_embeddings.weight", "encoder.LayerNorm.weight", "encoder.LayerNorm.bias"},
}
"""What lies below the layers or is shared by them, beside the embeddings."""

GRID = [("mlp-mean", family, *variant) for family in FAMILIES for variant in VARIANTS]
GRID += [(head, "bert", *variant) for head in HEADS if head != "mlp-mean" for variant in VARIANTS]


def _hidden(model, inputs):
    """What the encoder gives the head."""
    kept = {}
    hook = model.head.register_forward_pre_hook(lambda module, args: kept.update(hidden=args[0].detach().clone()))
    with torch.no_grad():
        model(**inputs)
    hook.remove()
    return kept["hidden"]


# What is trained


@pytest.mark.parametrize(("head", "family", "freeze", "lora"), GRID, ids=named)
def test_one_step_changes_exactly_what_should_train(encoders, make_spec, build, batch, head, family, freeze, lora):
    """Faults: head left out of what trains (first users' LoRA), one frozen layer too few, adapters in frozen layers."""
    model = build(family, head, freeze, lora).train()
    expected = trained_names(encoders(family), family, head, freeze, lora)
    assert {name for name, parameter in model.named_parameters() if parameter.requires_grad} == expected

    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    training = make_spec(encoders(family), learning_rate=1e-2, weight_decay=0)["training"]
    optimizer = make_optimizer(model.named_parameters(), training)
    model(**batch(family), labels=GOLD).loss.backward()
    optimizer.step()
    changed = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}

    assert changed <= expected
    # An adapter's A has no gradient while its B is still zero; a key's bias moves all scores of a softmax alike.
    still = {name for name in expected - changed if not re.search(r"lora_A|(key|key_proj|\.k|k_lin)\.bias$", name)}
    assert still == set()
    layers = {layer_of(family, name) for name in changed} - {None}
    assert layers == set(range(0 if freeze == 0 else LAYERS if freeze == "all" else freeze, LAYERS))


def test_freeze_fixes_exactly_k_layers(build, family):
    """Fault: the first users' `freeze_to_layer: 12` froze 11 layers."""
    for freeze in range(LAYERS + 1):
        model = build(family, freeze=freeze)
        trains = dict.fromkeys(range(LAYERS), False)
        for name, parameter in model.named_parameters():
            if (layer := layer_of(family, name)) is not None:
                trains[layer] |= parameter.requires_grad
        assert trains == {layer: layer >= freeze for layer in range(LAYERS)}


def test_freeze_fixes_embeddings_and_relative_positions(build, family):
    """Fault: layers frozen on top of embeddings or relative positions that still move."""
    parameters = dict(build(family, freeze=1).named_parameters())
    below = {name for name in parameters if name.startswith("encoder.embeddings.")}
    below |= {f"encoder.{name}" for name in BELOW.get(family, ())}
    assert below <= set(parameters) and len(below) > 1
    assert not any(parameters[name].requires_grad for name in below)


@pytest.mark.parametrize("lora", ["none", LORA], ids=named)
def test_dropout_is_off_below_freeze_and_on_above(build, batch, family, lora):
    """Fault: `train()` switches the frozen layers' dropout on, or leaves the trained layers' off."""
    model = build(family, freeze=2, lora=lora).train()
    layers = model.get_submodule(f"encoder.{STACK[family]}")
    for name, module in model.named_modules():
        leaf = not list(module.children())
        if leaf and isinstance(module, nn.Dropout):
            above = name.startswith("head.") or (layer_of(family, name) or 0) >= 2
            assert module.training == above, name
    runs = []
    for _ in range(2):
        outputs = {}

        def keep(number, outputs=outputs):
            return lambda module, args, out: outputs.update({number: out[0] if isinstance(out, tuple) else out})

        hooks = [layer.register_forward_hook(keep(number)) for number, layer in enumerate(layers)]
        model(**batch(family))
        for hook in hooks:
            hook.remove()
        runs.append(outputs)
    same = [torch.equal(runs[0][number], runs[1][number]) for number in range(LAYERS)]
    assert same == [True, True, False, False]


def test_dropout_of_a_frozen_encoder_is_off_and_the_head_s_is_on(build, batch, family):
    """Fault: features of a frozen encoder that differ from call to call; a head without dropout."""
    model = build(family, freeze="all").train()
    assert torch.equal(_hidden(model, batch(family)), _hidden(model, batch(family)))
    assert not torch.equal(model(**batch(family)).logits, model(**batch(family)).logits)


def test_dropout_is_on_everywhere_without_freeze(build, batch, family):
    """Fault: dropout switched off in what trains; freeze 0 fixes nothing, the embeddings' dropout included."""
    model = build(family, freeze=0).train()
    assert model.frozen == []
    assert all(module.training for module in model.modules())
    assert not torch.equal(_hidden(model, batch(family)), _hidden(model, batch(family)))
    model.eval()
    assert not any(module.training for module in model.modules())
    assert torch.equal(_hidden(model, batch(family)), _hidden(model, batch(family)))


@pytest.mark.parametrize("freeze", [0, 1, 3])
def test_adapters_stand_in_unfrozen_layers_on_query_and_value(build, family, freeze):
    """Fault: adapters in frozen layers, on keys or feed-forward layers, or none in a family with other names."""
    model = build(family, freeze=freeze, lora=LORA)
    found = {name.removesuffix(".lora_A.default") for name, _ in model.named_modules() if name.endswith("A.default")}
    assert found == {
        f"encoder.{STACK[family]}.{layer}.{projection}"
        for layer in range(freeze, LAYERS)
        for projection in ADAPTED[family]
    }
    for name in found:
        adapter = model.get_submodule(name)
        assert adapter.lora_A["default"].weight.shape[0] == LORA["rank"]
        assert adapter.scaling["default"] == LORA["alpha"] / LORA["rank"]


def test_fresh_adapters_change_nothing(build, batch, family):
    """Fault: adapters that move the encoder's outputs before any training."""
    plain, adapted = build(family).eval(), build(family, lora=LORA).eval()
    assert torch.equal(_hidden(plain, batch(family)), _hidden(adapted, batch(family)))


# What the head reads


def _by_one_lstm(hidden, p):
    """Logits of one text by the bidirectional LSTM of torch with a head's weights."""
    names = [name for name in p if name.startswith("forth.") and name.endswith("weight_hh_l0")]
    lstm = nn.LSTM(WIDTH, p[names[0]].shape[1], len(names), batch_first=True, bidirectional=True)
    ways = {"forth": "", "back": "_reverse"}
    lstm.load_state_dict(
        {
            f"{kind.removesuffix('_l0')}_l{layer}{ways[way]}": p[f"{way}.{layer}.{kind}"]
            for way, layer, kind in (name.split(".") for name in p if name.split(".")[0] in ways)
        }
    )
    states = lstm(hidden.unsqueeze(0))[0][0]
    weights = torch.full((len(states),), 1 / len(states))
    if "attention.score.weight" in p:
        keys = torch.tanh(states @ p["attention.project.weight"].T + p["attention.project.bias"])
        weights = torch.softmax(keys @ p["attention.score.weight"][0], 0)
    return p["classify.weight"] @ (weights @ states) + p["classify.bias"]


def _by_hand(head, hidden, mask, parameters):
    """Logits of one text from its unpadded hidden states (tokens, width), written out."""
    p = {name.removeprefix("head."): tensor for name, tensor in parameters.items()}
    hidden = hidden[mask.bool()]
    if HEADS[head]["type"] == "mlp":
        pooling = HEADS[head].get("pooling", "first")
        vector = {"mean": hidden.mean(0), "first": hidden[0], "last": hidden[-1]}[pooling]
        vector = p["layers.1.weight"] @ vector + p["layers.1.bias"]
        if "layers.4.weight" in p:
            vector = p["layers.4.weight"] @ (vector * 0.5 * (1 + torch.erf(vector / math.sqrt(2))))
            vector += p["layers.4.bias"]
        return vector
    if HEADS[head]["type"] == "lstm":
        return _by_one_lstm(hidden, p)
    tokens = hidden @ p["project.weight"].T + p["project.bias"]
    q, k, v = (tokens @ p["attention.in_proj_weight"].T + p["attention.in_proj_bias"]).chunk(3, dim=-1)
    heads, parts = HEADS[head]["heads"], []
    for one_q, one_k, one_v in zip(*(x.chunk(heads, dim=-1) for x in (q, k, v)), strict=True):
        parts.append(torch.softmax(one_q @ one_k.T / math.sqrt(one_q.shape[-1]), dim=-1) @ one_v)
    attended = torch.cat(parts, dim=-1) @ p["attention.out_proj.weight"].T + p["attention.out_proj.bias"]
    return p["classify.weight"] @ attended.mean(0) + p["classify.bias"]


@pytest.mark.parametrize("head", HEADS)
def test_head_computes_from_the_published_encoder_s_hidden_states(encoders, build, batch, head):
    """Fault: the head on anything but the last hidden state: vocabulary outputs, a pooler, a padded mean."""
    inputs = batch("bert")
    with torch.no_grad():
        hidden = AutoModel.from_pretrained(encoders("bert")).eval()(**inputs).last_hidden_state
        model = build("bert", head).eval()
        parameters = {name: tensor for name, tensor in model.named_parameters() if name.startswith("head.")}
        rows = zip(hidden, inputs["attention_mask"], strict=True)
        expected = torch.stack([_by_hand(head, states, mask, parameters) for states, mask in rows])
        assert torch.allclose(model(**inputs).logits, expected, atol=1e-5)


def test_head_reads_hidden_states_not_the_vocabulary(build, batch, family):
    """Fault: the first users' head sat on the masked-language model's vocabulary outputs."""
    model = build(family, "mlp-mean").eval()
    assert model.head.layers[1].in_features == WIDTH
    linear = {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    assert not any(VOCABULARY in (module.in_features, module.out_features) for module in linear.values())
    assert not any(re.search(r"lm_head|\bcls\b|predictions|generator|vocab_|pooler", name) for name in linear)
    assert "MaskedLM" not in type(model.encoder).__name__

    before = model(**batch(family)).logits

    def perturb(module, args, out):
        out.last_hidden_state = out.last_hidden_state + torch.linspace(-1, 1, WIDTH)
        return out

    hook = model.encoder.register_forward_hook(perturb)
    assert (model(**batch(family)).logits - before).abs().min() > 1e-4
    hook.remove()
    assert torch.equal(model(**batch(family)).logits, before)


@pytest.mark.parametrize("head", HEADS)
def test_padding_changes_no_logit(build, batch, family, head):
    """Fault: padding in the attention or in the mean (first users' attention head), in any family."""
    model = build(family, head).eval()
    with torch.no_grad():
        together = model(**batch(family)).logits
        alone = torch.cat([model(**batch(family, [text])).logits for text in TEXTS])
    assert torch.allclose(together, alone, rtol=0, atol=1e-5)
    assert together.std(0).min() > 1e-3  # the texts do differ by more than what is tolerated


@pytest.mark.parametrize("head", HEADS)
def test_without_a_mask_every_token_counts(build, batch, head):
    """Fault: `attention_mask` is declared optional, but a head fails without it."""
    model = build("bert", head).eval()
    inputs = batch("bert", ["w1 w2 w3"])
    full = model(**inputs).logits
    del inputs["attention_mask"]
    assert torch.allclose(model(**inputs).logits, full, atol=1e-6)


# What forward returns


@pytest.mark.parametrize("head", HEADS)
def test_forward_returns_a_model_output_with_the_loss_first(build, batch, head):
    """Fault: a bare tensor, of which `Trainer` takes the first row of every batch for the loss."""
    model = build("bert", head).eval()
    out = model(**batch("bert"), labels=GOLD)
    assert isinstance(out, ModelOutput)
    assert list(out.keys()) == ["loss", "logits"]
    assert out[0] is out.loss and out.loss.ndim == 0 and out.logits.shape == (len(TEXTS), len(LABELS))
    probability = torch.sigmoid(out.logits)
    expected = -torch.where(GOLD == 1, probability.log(), (1 - probability).log()).mean()
    assert torch.allclose(out.loss, expected, atol=1e-6)

    without = model(**batch("bert"))
    assert isinstance(without, ModelOutput)
    assert list(without.keys()) == ["logits"] and without.loss is None
    assert torch.equal(without.logits, out.logits)


def test_class_weights_weigh_positives(build, batch):
    """Fault: weights that are ignored, or that weigh negatives too."""
    model = build("bert").eval()
    weights = torch.tensor([3.0, 1.0, 0.5])
    out = model(**batch("bert"), labels=GOLD)
    probability = torch.sigmoid(out.logits)
    expected = -torch.where(GOLD == 1, weights * probability.log(), (1 - probability).log()).mean()
    model.class_weights = weights
    assert torch.allclose(model(**batch("bert"), labels=GOLD).loss, expected, atol=1e-6)
    assert not torch.allclose(out.loss, expected, atol=1e-3)
    assert "class_weights" not in model.state_dict()


@pytest.mark.parametrize("head", HEADS)
def test_logits_are_no_probabilities(build, batch, head):
    """Fault: a sigmoid inside the head, and a second one outside."""
    model = build("bert", head).eval()
    last = [module for module in model.head.modules() if type(module) is nn.Linear][-1]
    with torch.no_grad():
        last.bias.copy_(torch.tensor([-9.0, 0.0, 9.0]))
        logits = model(**batch("bert")).logits
    assert logits[:, 0].max() < -1 and logits[:, 2].min() > 2
