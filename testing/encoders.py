"""Encoders' folders without a real encoder, and specs of them."""

import hashlib
import json
from pathlib import Path

from emotion_grid.encoders.files import folder_digest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = b"the weights of a small encoder"
CONFIG = {"model_type": "bert", "num_hidden_layers": 4, "hidden_size": 16}
TOKENIZER = {
    "version": "1.0",
    "added_tokens": [],
    "model": {"type": "WordLevel", "vocab": {"[PAD]": 0, "[UNK]": 1, "a": 2, "b": 3}, "unk_token": "[UNK]"},
}
"""The content of a tokenizer.json that transformers loads."""
SAFE = {"config.json", "model.safetensors", "tokenizer.json", "vocab.txt"}
UNSAFE = ["pytorch_model.bin", "modeling_new.py", "model.pkl", "optimizer.pt", "tf_model.h5", "training_args.bin"]


def sha256(content: bytes) -> str:
    """The digest under which weights are pinned."""
    return hashlib.sha256(content).hexdigest()


def write_encoder(folder: Path, config: dict = CONFIG, weights: bytes | None = WEIGHTS) -> Path:
    """Write an encoder's folder as its makers publish it: with files that nobody should take."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER))
    (folder / "vocab.txt").write_text("\n".join(TOKENIZER["model"]["vocab"]))
    if weights is not None:
        (folder / "model.safetensors").write_bytes(weights)
    for name in UNSAFE:
        (folder / name).write_bytes(b"pickled")
    return folder


def spec_of(folder: Path, **values) -> dict:
    """The spec as the plan writes it, for an encoder in a folder."""
    return {"folder": folder_digest(folder), "layers": 4, "hidden_size": 16, "source": str(folder), **values}


def hub_spec(**values) -> dict:
    """The spec as the plan writes it, for an encoder on the hub."""
    name = "team/encoder"
    shape = {"layers": 4, "hidden_size": 16}
    return {"model": name, "revision": COMMIT, "sha256": sha256(WEIGHTS), **shape, "source": name, **values}
