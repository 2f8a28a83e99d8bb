"""The classifier: what is trained, what the head reads, what padding may not do, what a saved model holds."""

import json
import math
import os
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from torch import nn
from transformers import AutoModel, AutoTokenizer
from transformers.utils import ModelOutput

from emotion_grid.base.messages import InputError
from emotion_grid.model.classifier import EmotionClassifier, build_classifier
from emotion_grid.model.encoder import count_parameters
from emotion_grid.model.pooling import masked_mean
from emotion_grid.training.optimisation import make_optimizer

LABELS = ["anger", "fear", "joy"]
WIDTH, LAYERS, VOCABULARY = 16, 4, 100
TEXTS = ["w1 w2 w3", "w4", " ".join(f"w{number}" for number in range(5, 30)), "w30 w31 w32 w33 w34 w35 w36", "w37 w37"]
GOLD = torch.tensor([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]])

FAMILIES = ("bert", "roberta", "mpnet", "distilbert", "electra", "xlm-roberta", "deberta", "deberta-v2")
STACK = {family: "transformer.layer" if family == "distilbert" else "encoder.layer" for family in FAMILIES}
ADAPTED = {
    "bert": ("attention.self.query", "attention.self.value"),
    "roberta": ("attention.self.query", "attention.self.value"),
    "mpnet": ("attention.attn.q", "attention.attn.v"),
    "distilbert": ("attention.q_lin", "attention.v_lin"),
    "electra": ("attention.self.query", "attention.self.value"),
    "xlm-roberta": ("attention.self.query", "attention.self.value"),
    "deberta": ("attention.self.in_proj",),
    "deberta-v2": ("attention.self.query_proj", "attention.self.value_proj"),
}
BELOW = {
    "mpnet": {"encoder.relative_attention_bias.weight"},
    "electra": {"embeddings_project.weight", "embeddings_project.bias"},
    "deberta": {"encoder.rel_embeddings.weight"},
    "deberta-v2": {"encoder.rel_embeddings.weight", "encoder.LayerNorm.weight", "encoder.LayerNorm.bias"},
}
"""What lies below the layers or is shared by them, beside the embeddings."""
HEADS = {
    "linear": {"type": "mlp", "layers": 1},
    "mlp-first": {"type": "mlp", "size": "1x", "layers": 2},
    "mlp-mean": {"type": "mlp", "size": 24, "layers": 2, "pooling": "mean"},
    "attention-1": {"type": "attention", "size": 12, "heads": 1},
    "attention-2": {"type": "attention", "size": 12, "heads": 2},
}
_MLP = {"layers.1.weight", "layers.1.bias", "layers.4.weight", "layers.4.bias"}
_ATTENTION = {
    *(f"{part}.{kind}" for part in ("project", "attention.out_proj", "classify") for kind in ("weight", "bias")),
    "attention.in_proj_weight",
    "attention.in_proj_bias",
}
HEAD_PARAMETERS = {
    "linear": {"layers.1.weight", "layers.1.bias"},
    "mlp-first": _MLP,
    "mlp-mean": _MLP,
    "attention-1": _ATTENTION,
    "attention-2": _ATTENTION,
}
LORA = {"rank": 2, "alpha": 8}
VARIANTS = [(0, "none"), (2, "none"), ("all", "none"), (0, LORA), (2, LORA)]
"""Freeze and LoRA; `all` with LoRA is refused by the grid."""
GRID = [("mlp-mean", family, *variant) for family in FAMILIES for variant in VARIANTS]
GRID += [(head, "bert", *variant) for head in HEADS if head != "mlp-mean" for variant in VARIANTS]


def _named(value):
    return "lora" if isinstance(value, dict) else str(value)


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


def _layer(family: str, name: str) -> int | None:
    """The encoder layer that a classifier's parameter or module stands in, if any."""
    found = re.match(rf"encoder\.{re.escape(STACK[family])}\.(\d+)(\.|$)", name)
    return int(found[1]) if found else None


def _expected(folder, family: str, head: str, freeze, lora) -> set[str]:
    """Names of the parameters that train, from the published encoder's own names alone."""
    trained = {f"head.{name}" for name in HEAD_PARAMETERS[head]}
    if lora != "none":
        return trained | {
            f"encoder.{STACK[family]}.{layer}.{projection}.lora_{matrix}.default.weight"
            for layer in range(freeze, LAYERS)
            for projection in ADAPTED[family]
            for matrix in "AB"
        }
    if freeze == "all":
        return trained
    published = {f"encoder.{name}" for name, _ in AutoModel.from_pretrained(folder).named_parameters()}
    published = {name for name in published if not name.startswith("encoder.pooler.")}
    if freeze == 0:
        return trained | published
    return trained | {name for name in published if (_layer(family, name) or 0) >= freeze}


def _hidden(model, inputs):
    """What the encoder gives the head."""
    kept = {}
    hook = model.head.register_forward_pre_hook(lambda module, args: kept.update(hidden=args[0].detach().clone()))
    with torch.no_grad():
        model(**inputs)
    hook.remove()
    return kept["hidden"]


def _perturb(model) -> None:
    """Move all that trains, so that a weight that is not saved or not loaded shows."""
    torch.manual_seed(11)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))


def _probabilities(model, inputs):
    with torch.no_grad():
        return torch.sigmoid(model.eval()(**inputs).logits)


# What is trained


@pytest.mark.parametrize(("head", "family", "freeze", "lora"), GRID, ids=_named)
def test_one_step_changes_exactly_what_should_train(encoders, make_spec, build, batch, head, family, freeze, lora):
    """Faults: head left out of what trains (first users' LoRA), one frozen layer too few, adapters in frozen layers."""
    model = build(family, head, freeze, lora).train()
    expected = _expected(encoders(family), family, head, freeze, lora)
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
    layers = {_layer(family, name) for name in changed} - {None}
    assert layers == set(range(0 if freeze == 0 else LAYERS if freeze == "all" else freeze, LAYERS))


def test_freeze_fixes_exactly_k_layers(build, family):
    """Fault: the first users' `freeze_to_layer: 12` froze 11 layers."""
    for freeze in range(LAYERS + 1):
        model = build(family, freeze=freeze)
        trains = dict.fromkeys(range(LAYERS), False)
        for name, parameter in model.named_parameters():
            if (layer := _layer(family, name)) is not None:
                trains[layer] |= parameter.requires_grad
        assert trains == {layer: layer >= freeze for layer in range(LAYERS)}


def test_freeze_fixes_embeddings_and_relative_positions(build, family):
    """Fault: layers frozen on top of embeddings or relative positions that still move."""
    parameters = dict(build(family, freeze=1).named_parameters())
    below = {name for name in parameters if name.startswith("encoder.embeddings.")}
    below |= {f"encoder.{name}" for name in BELOW.get(family, ())}
    assert below <= set(parameters) and len(below) > 1
    assert not any(parameters[name].requires_grad for name in below)


@pytest.mark.parametrize("lora", ["none", LORA], ids=_named)
def test_dropout_is_off_below_freeze_and_on_above(build, batch, family, lora):
    """Fault: `train()` switches the frozen layers' dropout on, or leaves the trained layers' off."""
    model = build(family, freeze=2, lora=lora).train()
    layers = model.get_submodule(f"encoder.{STACK[family]}")
    for name, module in model.named_modules():
        leaf = not list(module.children())
        if leaf and isinstance(module, nn.Dropout):
            above = name.startswith("head.") or (_layer(family, name) or 0) >= 2
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


def test_count_parameters_counts_what_trains(build):
    model = build("bert", "linear", "all")
    assert count_parameters(model).trainable == WIDTH * 3 + 3
    assert count_parameters(model).total == sum(parameter.numel() for parameter in model.parameters())


# What the head reads


def _by_hand(head, hidden, mask, parameters):
    """Logits of one text from its unpadded hidden states (tokens, width), written out."""
    p = {name.removeprefix("head."): tensor for name, tensor in parameters.items()}
    hidden = hidden[mask.bool()]
    if HEADS[head]["type"] == "mlp":
        vector = hidden.mean(0) if HEADS[head].get("pooling") == "mean" else hidden[0]
        vector = p["layers.1.weight"] @ vector + p["layers.1.bias"]
        if "layers.4.weight" in p:
            vector = p["layers.4.weight"] @ (vector * 0.5 * (1 + torch.erf(vector / math.sqrt(2))))
            vector += p["layers.4.bias"]
        return vector
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


@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    extra=st.integers(0, 4),
    noise=st.floats(-1e3, 1e3),
    seed=st.integers(0, 99),
)
def test_masked_mean_ignores_padding(lengths, extra, noise, seed):
    """Fault: a mean over all places, or one that divides by the padded length."""
    places = max(lengths) + extra
    mask = (torch.arange(places) < torch.tensor(lengths).unsqueeze(1)).long()
    states = torch.randn(len(lengths), places, 3, generator=torch.Generator().manual_seed(seed))
    expected = torch.stack([row[:length].mean(0) for row, length in zip(states, lengths, strict=True)])
    padded = torch.where(mask.unsqueeze(-1) == 1, states, torch.tensor(noise))
    assert torch.allclose(masked_mean(padded, mask), expected, atol=1e-5)


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


# What a saved model holds


@pytest.mark.parametrize(("freeze", "lora"), VARIANTS, ids=_named)
def test_saved_model_loads_with_the_same_probabilities(encoders, build, batch, tmp_path, family, freeze, lora):
    """Faults: a trained weight that is not saved (the first users' head under LoRA), or an encoder saved with each run."""
    model = build(family, "mlp-mean", freeze, lora)
    untrained = _probabilities(model, batch(family))
    _perturb(model)
    expected = _probabilities(model, batch(family))
    assert (expected - untrained).abs().max() > 1e-3
    model.train().save(tmp_path / "model")

    torch.manual_seed(99)
    loaded = EmotionClassifier.from_pretrained(tmp_path / "model")
    assert not loaded.training
    assert torch.equal(_probabilities(loaded, batch(family)), expected)
    assert [loaded.config.id2label[number] for number in range(len(LABELS))] == LABELS
    if lora != "none":
        merged = EmotionClassifier.from_pretrained(tmp_path / "model", merge=True)
        assert not any("lora" in name for name in merged.state_dict())
        assert torch.allclose(_probabilities(merged, batch(family)), expected, rtol=0, atol=1e-6)

    weights = tmp_path / "model" / "model.safetensors"
    with safe_open(weights, "pt") as file:
        names = set(file.keys())
    assert names == _expected(encoders(family), family, "mlp-mean", freeze, lora)
    if freeze == "all":
        assert weights.stat().st_size < (encoders(family) / "model.safetensors").stat().st_size / 5


def test_saved_heads_load_with_the_same_probabilities(build, batch, tmp_path):
    """Fault: a kind of head that is not built again as it was."""
    for head in HEADS:
        model = build("bert", head, "all")
        _perturb(model)
        model.save(tmp_path / head)
        loaded = EmotionClassifier.from_pretrained(tmp_path / head)
        assert torch.equal(_probabilities(loaded, batch("bert")), _probabilities(model, batch("bert"))), head


def test_merged_model_can_be_saved_again(build, batch, tmp_path):
    """Fault: a merged model's folder holds the head alone; its adapted weights are lost and it cannot be loaded."""
    model = build("bert", freeze=2, lora=LORA)
    _perturb(model)
    model.save(tmp_path / "model")
    merged = EmotionClassifier.from_pretrained(tmp_path / "model", merge=True)
    expected = _probabilities(merged, batch("bert"))
    merged.save(tmp_path / "merged")
    again = EmotionClassifier.from_pretrained(tmp_path / "merged")
    assert torch.allclose(_probabilities(again, batch("bert")), expected, rtol=0, atol=1e-6)


def test_saved_files_are_few_readable_by_the_group_and_not_pickled(build, tmp_path):
    """Fault: private files (safetensors' save_file writes 0600), pickles, checkpoints left behind."""
    mask = os.umask(0o022)
    try:
        build("bert", lora=LORA).save(tmp_path / "model")
    finally:
        os.umask(mask)
    files = sorted((tmp_path / "model").rglob("*"))
    assert [file.name for file in files] == ["config.json", "model.safetensors"]
    assert all(file.stat().st_mode & 0o044 == 0o044 for file in files)
    assert json.loads(files[0].read_text())["architectures"] == ["EmotionClassifier"]


def test_missing_encoder_is_named(encoders, build, batch, tmp_path):
    """Fault: a model whose encoder is gone loads with random weights, or fails without saying what is missing."""
    model = build("bert", freeze="all")
    model.save(tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    config["encoder_path"] = str(tmp_path / "gone")
    (tmp_path / "model" / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=re.escape(str(tmp_path / "gone"))):
        EmotionClassifier.from_pretrained(tmp_path / "model")
    loaded = EmotionClassifier.from_pretrained(tmp_path / "model", encoder=encoders("bert"))
    assert torch.equal(_probabilities(loaded, batch("bert")), _probabilities(model, batch("bert")))


def test_weights_of_another_model_are_refused(build, tmp_path):
    """Fault: `strict=False` lets a model load without its own weights."""
    build("bert", freeze="all").save(tmp_path / "frozen")
    build("bert", freeze=2).save(tmp_path / "half")
    (tmp_path / "half" / "model.safetensors").write_bytes((tmp_path / "frozen" / "model.safetensors").read_bytes())
    with pytest.raises(InputError, match="trained parameters"):
        EmotionClassifier.from_pretrained(tmp_path / "half")
    with pytest.raises(InputError, match=re.escape(str(tmp_path / "none"))):
        EmotionClassifier.from_pretrained(tmp_path / "none")
