"""An encoder is loaded with all of its weights, or it is refused: what is missing would be random, another at every load."""

import json
import re

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoModelForMaskedLM

from emotion_grid.base.messages import InputError
from emotion_grid.model.encoder import load_encoder
from testing.zoo import tiny_config, write_family

KINDS = ("bert", "roberta", "distilbert", "deberta-v2", "modernbert", "qwen2", "gpt2", "t5", "bart")


@pytest.fixture(params=KINDS)
def folder(request, tmp_path):
    return write_family(tmp_path / request.param, request.param)


def _change(folder, change) -> str:
    """Write other weights into an encoder's folder: those that `change` makes of all, and the name of one that the encoder needs."""
    path = folder / "model.safetensors"
    weights = load_file(path)
    names = [name for name in weights if re.search(r"(layer|layers|h|block)\.1\..*weight$", name)]
    one = next(name for name in names if not name.startswith("decoder."))
    save_file(change(weights, one), path, metadata={"format": "pt"})
    return one


def _other_shape(weights, one):
    return {**weights, one: torch.zeros(3, *weights[one].shape[1:])}


def _one_layer_more(weights, one):
    """As a file of a deeper encoder beside the config of a shallower one."""
    return {**weights, **{name.replace(".1.", ".7."): w.clone() for name, w in weights.items() if ".1." in name}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda weights, one: {f"module.{name}": weight for name, weight in weights.items()}, "missing"),
        (lambda weights, one: {name: weight for name, weight in weights.items() if name != one}, "1 missing"),
        (_other_shape, "1 of another shape"),
        (_one_layer_more, "that the encoder does not have"),
    ],
    ids=["prefix", "missing", "shape", "left over"],
)
def test_weights_that_do_not_fit_are_refused_by_name(folder, change, said):
    """Fault: every tensor prefixed with `module.`, and a random encoder was trained without a word; so with any other misfit."""
    one = _change(folder, change)
    with pytest.raises(InputError, match=said) as caught:
        load_encoder(folder)
    assert str(folder) in str(caught.value) and "\n" not in str(caught.value)
    if said.startswith("1 "):
        assert one in str(caught.value)


def test_weights_under_their_own_names_are_loaded(folder):
    loaded, published = load_encoder(folder).model, AutoModel.from_pretrained(folder)
    published = published.get_encoder() if published.config.is_encoder_decoder else published
    assert {name for name, _ in loaded.named_parameters()} == {name for name, _ in published.named_parameters()}
    for one, other in zip(loaded.parameters(), published.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    "family", ["bert", "roberta", "distilbert", "deberta-v2", "electra", "mpnet", "albert", "modernbert"]
)
def test_an_encoder_published_with_its_language_model_is_loaded(tmp_path, family):
    """Fault: a check so strict that it refuses a head that is left over, or a pooler that nothing uses."""
    whole = AutoModelForMaskedLM.from_config(tiny_config(family))
    whole.save_pretrained(tmp_path)
    loaded, inside = load_encoder(tmp_path).model, getattr(whole, whole.base_model_prefix)
    for name, parameter in inside.named_parameters():
        assert torch.equal(parameter, loaded.get_parameter(name)), name


def test_an_encoder_without_its_decoder_is_loaded(tmp_path):
    """Fault: the missing decoder of an encoder half (sentence-t5, say), which is not used, is held against it."""
    folder = write_family(tmp_path, "t5")
    _change(folder, lambda weights, one: {name: w for name, w in weights.items() if not name.startswith("decoder.")})
    assert load_encoder(folder).anatomy.layers == "block"


def test_code_beside_a_family_that_transformers_has_is_not_run(tmp_path):
    """Fault: code from outside that is executed, or an encoder that is refused for code that nobody needs."""
    folder = write_family(tmp_path, "bert")
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "modeling_new.NewConfig", "AutoModel": "modeling_new.NewModel"}
    config["attn_implementation"] = "kernels-community/anything"
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "modeling_new.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    assert type(load_encoder(folder).model).__name__ == "BertModel"
    assert not (tmp_path / "ran").exists()
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "new"}))
    with pytest.raises(InputError, match="expected an encoder that transformers can load"):
        load_encoder(folder)
    assert not (tmp_path / "ran").exists()
