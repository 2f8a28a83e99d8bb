"""Classifiers on tiny encoders: their texts and heads, and what of them trains."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from transformers import AutoModel

from emotion_grid.data.tables import read_split, write_split

LABELS = ["anger", "fear", "joy"]
WIDTH, LAYERS, VOCABULARY = 16, 4, 100
TEXTS = ["w1 w2 w3", "w4", " ".join(f"w{number}" for number in range(5, 30)), "w30 w31 w32 w33 w34 w35 w36", "w37 w37"]

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

HEADS = {
    "linear": {"type": "mlp", "layers": 1},
    "mlp-first": {"type": "mlp", "size": "1x", "layers": 2},
    "mlp-last": {"type": "mlp", "size": "1x", "layers": 2, "pooling": "last"},
    "mlp-mean": {"type": "mlp", "size": 24, "layers": 2, "pooling": "mean"},
    "attention-1": {"type": "attention", "size": 12, "heads": 1},
    "attention-2": {"type": "attention", "size": 12, "heads": 2},
    "lstm": {"type": "lstm", "size": 6},
    "lstm-attention": {"type": "lstm", "size": 5, "layers": 2, "attention": True},
}
_MLP = {"layers.1.weight", "layers.1.bias", "layers.4.weight", "layers.4.bias"}
_ATTENTION = {
    *(f"{part}.{kind}" for part in ("project", "attention.out_proj", "classify") for kind in ("weight", "bias")),
    "attention.in_proj_weight",
    "attention.in_proj_bias",
}
_LSTM = {
    f"{way}.{layer}.{kind}_l0"
    for way in ("forth", "back")
    for layer in (0, 1)
    for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
}
HEAD_PARAMETERS = {
    "linear": {"layers.1.weight", "layers.1.bias"},
    "mlp-first": _MLP,
    "mlp-last": _MLP,
    "mlp-mean": _MLP,
    "attention-1": _ATTENTION,
    "attention-2": _ATTENTION,
    "lstm": {name for name in _LSTM if ".0." in name} | {"classify.weight", "classify.bias"},
    "lstm-attention": _LSTM
    | {
        "attention.project.weight",
        "attention.project.bias",
        "attention.score.weight",
        "classify.weight",
        "classify.bias",
    },
}
LORA = {"rank": 2, "alpha": 8}
VARIANTS = [(0, "none"), (2, "none"), ("all", "none"), (0, LORA), (2, LORA)]
"""Freeze and LoRA; `all` with LoRA is refused by the grid."""


def named(value):
    """A freeze or LoRA value in the id of a test."""
    return "lora" if isinstance(value, dict) else str(value)


def layer_of(family: str, name: str) -> int | None:
    """The encoder layer that a classifier's parameter or module stands in, if any."""
    found = re.match(rf"encoder\.{re.escape(STACK[family])}\.(\d+)(\.|$)", name)
    return int(found[1]) if found else None


def trained_names(folder, family: str, head: str, freeze, lora) -> set[str]:
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
    return trained | {name for name in published if (layer_of(family, name) or 0) >= freeze}


def perturb_trained(model) -> None:
    """Move all that trains, so that a weight that is not saved or not loaded shows."""
    torch.manual_seed(11)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))


def probabilities_of(model, inputs):
    """What a model gives for a batch: (texts, labels)."""
    with torch.no_grad():
        return torch.sigmoid(model.eval()(**inputs).logits)


def word_table(rows: int, seed: int = 0, gold: bool = True) -> pd.DataFrame:
    """Texts of many lengths in random order, each with a first word of its own; each label has a word that gives it away."""
    random = np.random.default_rng(seed)
    labels = (random.random((rows, len(LABELS))) < 0.4).astype(float)
    texts = []
    for row in range(rows):
        words = [f"w{90 + label}" for label in range(len(LABELS)) if labels[row, label]]
        words += [f"w{number}" for number in random.integers(40, 90, random.integers(0, 15))]
        texts.append(" ".join([f"w{row}", *words]))
    table = pd.DataFrame({"id": [f"t{row}" for row in range(rows)], "text": texts})
    return table.assign(**{label: labels[:, place] if gold else np.nan for place, label in enumerate(LABELS)})


def annotate_partly(data: Path, folder: Path) -> None:
    """Write prepared splits again: of four rows one has all its labels, one lacks the first, one the first two, one all; dev has no joy."""
    for path in data.iterdir():
        table = read_split(path)
        for place, label in enumerate(LABELS):
            table.loc[table.index % 4 > place, label] = np.nan
        write_split(table.assign(joy=np.nan) if path.stem == "dev" else table, folder / path.name)


def one_by_one(model, tokenizer, texts) -> np.ndarray:
    """What a model gives for texts, each computed alone: (texts, labels)."""
    with torch.no_grad():
        rows = [torch.sigmoid(model.eval()(**tokenizer([text], return_tensors="pt")).logits) for text in texts]
    return torch.cat(rows).numpy()
