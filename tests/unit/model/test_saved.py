"""What a saved model holds."""

import json
import os
import re

import huggingface_hub
import pytest
import torch
from safetensors import safe_open

from emotion_grid.base.messages import InputError
from emotion_grid.model.classifier import EmotionClassifier
from emotion_grid.model.whole import save_whole
from testing.classifiers import HEADS, LABELS, LORA, VARIANTS, named, perturb_trained, probabilities_of, trained_names


@pytest.mark.parametrize(("freeze", "lora"), VARIANTS, ids=named)
def test_saved_model_loads_with_the_same_probabilities(encoders, build, batch, tmp_path, family, freeze, lora):
    """Faults: a trained weight that is not saved (the first users' head under LoRA), or an encoder saved with each run."""
    model = build(family, "mlp-mean", freeze, lora)
    untrained = probabilities_of(model, batch(family))
    perturb_trained(model)
    expected = probabilities_of(model, batch(family))
    assert (expected - untrained).abs().max() > 1e-3
    model.train().save(tmp_path / "model")

    torch.manual_seed(99)
    loaded = EmotionClassifier.from_pretrained(tmp_path / "model")
    assert not loaded.training
    assert torch.equal(probabilities_of(loaded, batch(family)), expected)
    assert [loaded.config.id2label[number] for number in range(len(LABELS))] == LABELS
    if lora != "none":
        merged = EmotionClassifier.from_pretrained(tmp_path / "model", merge=True)
        assert not any("lora" in name for name in merged.state_dict())
        assert torch.allclose(probabilities_of(merged, batch(family)), expected, rtol=0, atol=1e-6)

    weights = tmp_path / "model" / "model.safetensors"
    with safe_open(weights, "pt") as file:
        names = set(file.keys())
    assert names == trained_names(encoders(family), family, "mlp-mean", freeze, lora)
    if freeze == "all":
        assert weights.stat().st_size < (encoders(family) / "model.safetensors").stat().st_size / 5


def test_saved_heads_load_with_the_same_probabilities(build, batch, tmp_path):
    """Fault: a kind of head that is not built again as it was."""
    for head in HEADS:
        model = build("bert", head, "all")
        perturb_trained(model)
        model.save(tmp_path / head)
        loaded = EmotionClassifier.from_pretrained(tmp_path / head)
        assert torch.equal(probabilities_of(loaded, batch("bert")), probabilities_of(model, batch("bert"))), head


@pytest.mark.parametrize(("freeze", "lora"), [("all", "none"), (2, LORA)], ids=named)
def test_a_whole_model_needs_no_encoder(build, batch, tmp_path, family, freeze, lora):
    """Fault: a folder that loads where the encoder's cache is, and nowhere else."""
    model = build(family, "attention-2", freeze, lora)
    perturb_trained(model)
    expected = probabilities_of(model, batch(family))
    model.save(tmp_path / "model")
    merged = EmotionClassifier.from_pretrained(tmp_path / "model", merge=True)
    merged.config.encoder["_name_or_path"] = "/home/somebody/encoder"
    save_whole(merged, tmp_path / "whole")
    assert "somebody" not in (tmp_path / "whole" / "config.json").read_text()
    config = json.loads((tmp_path / "whole" / "config.json").read_text())
    config["encoder"]["auto_map"] = {"AutoModel": "modeling.Anything"}
    config["encoder"]["attn_implementation"] = "kernels-community/anything"  # no code from outside is run
    (tmp_path / "whole" / "config.json").write_text(json.dumps(config))
    loaded = EmotionClassifier.from_pretrained(tmp_path / "whole", encoder=tmp_path / "not-needed")
    assert torch.allclose(probabilities_of(loaded, batch(family)), expected, rtol=0, atol=1e-6)
    assert not loaded.training and {tensor.dtype for tensor in loaded.state_dict().values()} <= {
        torch.float32,
        torch.int64,
    }
    (tmp_path / "whole" / "model.safetensors").write_bytes((tmp_path / "model" / "model.safetensors").read_bytes())
    with pytest.raises(InputError, match=r"all weights of a model .* found RuntimeError: .* Missing key"):
        EmotionClassifier.from_pretrained(tmp_path / "whole")


def test_a_model_on_the_hub_is_loaded_at_its_commit(build, batch, tmp_path, monkeypatch):
    model = build("bert", "mlp-first").eval()
    save_whole(model, tmp_path / "whole")
    calls = []

    def snapshot_download(name, **options):
        calls.append((name, options))
        if name != "team/model":
            raise ValueError("Repository Not Found")
        return str(tmp_path / "whole")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    loaded = EmotionClassifier.from_pretrained("team/model", revision="c0ffee")
    assert torch.equal(probabilities_of(loaded, batch("bert")), probabilities_of(model, batch("bert")))
    assert calls == [("team/model", {"revision": "c0ffee", "allow_patterns": ["*.json", "*.safetensors"]})]
    with pytest.raises(
        InputError, match="team/other: expected a model on the hub at revision c0ffee, found ValueError"
    ):
        EmotionClassifier.from_pretrained("team/other", revision="c0ffee")
    with pytest.raises(InputError, match="for a model on the hub, give its revision"):
        EmotionClassifier.from_pretrained("team/model")


def test_merged_model_can_be_saved_again(build, batch, tmp_path):
    """Fault: a merged model's folder holds the head alone; its adapted weights are lost and it cannot be loaded."""
    model = build("bert", freeze=2, lora=LORA)
    perturb_trained(model)
    model.save(tmp_path / "model")
    merged = EmotionClassifier.from_pretrained(tmp_path / "model", merge=True)
    expected = probabilities_of(merged, batch("bert"))
    merged.save(tmp_path / "merged")
    again = EmotionClassifier.from_pretrained(tmp_path / "merged")
    assert torch.allclose(probabilities_of(again, batch("bert")), expected, rtol=0, atol=1e-6)


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
    assert torch.equal(probabilities_of(loaded, batch("bert")), probabilities_of(model, batch("bert")))


def test_weights_of_another_model_are_refused(build, tmp_path):
    """Fault: `strict=False` lets a model load without its own weights."""
    build("bert", freeze="all").save(tmp_path / "frozen")
    build("bert", freeze=2).save(tmp_path / "half")
    (tmp_path / "half" / "model.safetensors").write_bytes((tmp_path / "frozen" / "model.safetensors").read_bytes())
    with pytest.raises(InputError, match="trained parameters"):
        EmotionClassifier.from_pretrained(tmp_path / "half")
    with pytest.raises(InputError, match=re.escape(str(tmp_path / "none"))):
        EmotionClassifier.from_pretrained(tmp_path / "none")
