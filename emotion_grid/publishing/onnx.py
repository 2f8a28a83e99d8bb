"""A classifier as ONNX: a graph that computes its logits from tokens, checked against the classifier before it is written.

Needs the packages of envs/onnx.txt.
"""

import importlib.util
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from emotion_grid.base.messages import InputError
from emotion_grid.data.problems import visible
from emotion_grid.model.classifier import EmotionClassifier

PACKAGES = ("onnx", "onnxruntime", "onnxscript")

TOLERANCE = 1e-4
"""By how much a logit may differ."""

LENGTHS = ((1,), (2, 7), (3, 40, 400), (5, 5, 5, 5))
"""Words of the texts of each batch by which a graph is checked; the longest is cut at the classifier's bound."""


class _Logits(nn.Module):
    """A classifier that returns its logits alone, for batches that are padded on the right: no step depends on what is in a batch."""

    def __init__(self, model: EmotionClassifier):
        super().__init__()
        self.model = model

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor | None = None
    ) -> torch.Tensor:
        kinds = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        tokens = input_ids.masked_fill(attention_mask == 0, self.model.anatomy.fill)
        hidden = self.model.encoder(input_ids=tokens, attention_mask=attention_mask, **kinds).last_hidden_state
        logits: torch.Tensor = self.model.head(hidden, attention_mask)
        return logits


def check_packages() -> None:
    """Refuse to export without the packages that it takes.

    Raises:
        InputError: with the command that installs them.
    """
    if missing := [name for name in PACKAGES if importlib.util.find_spec(name) is None]:
        raise InputError(
            f"--onnx: expected the packages of envs/onnx.txt, found no {', '.join(missing)}; install them: "
            "pip install --no-deps --require-hashes -r envs/onnx.txt"
        )


def export(model: EmotionClassifier, tokenizer: Any, path: Path) -> float:
    """Write a classifier as ONNX, if the graph computes what it computes; the largest difference of a logit.

    Args:
        model: without adapters, on the CPU.
        tokenizer: its tokenizer.
        path: the file to write.

    Raises:
        InputError: an encoder that cannot be exported, or a graph that computes something else.
    """
    family = type(model.encoder).__name__
    try:
        _program(model, batch_of(tokenizer, model, LENGTHS[1])).save(path)
        off = largest_difference(model, tokenizer, path)
    except (
        Exception
    ) as raised:  # whatever the exporter raises of a module that it cannot follow, and the runtime of a graph
        path.unlink(missing_ok=True)
        error: BaseException = raised
        while error.__cause__ is not None:
            error = error.__cause__
        reason = visible(f"{type(error).__name__}: {error}".splitlines()[0], 200)
        raise InputError(f"--onnx: expected an encoder that can be exported, found {family}: {reason}") from raised
    if not off <= TOLERANCE:
        path.unlink()
        raise InputError(
            f"--onnx: expected a graph whose logits differ from the model's by at most {TOLERANCE:g}, found {off:.2g} ({family})"
        )
    return off


def _program(model: EmotionClassifier, example: dict[str, torch.Tensor]) -> Any:
    """The graph of a classifier, for any number of texts and tokens."""
    sizes = {0: torch.export.Dim("texts"), 1: torch.export.Dim("tokens")}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.onnx.export(
            _Logits(model).eval(),
            (),
            kwargs=example,
            dynamo=True,
            dynamic_shapes=dict.fromkeys(example, sizes),
            input_names=list(example),
            output_names=["logits"],
            verbose=False,
        )


def largest_difference(model: EmotionClassifier, tokenizer: Any, path: Path) -> float:
    """Between the logits of a graph and those of the classifier, on texts of many lengths."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    off = 0.0
    for lengths in LENGTHS:
        inputs = batch_of(tokenizer, model, lengths)
        with torch.inference_mode():
            expected = model(**inputs).logits.numpy()
        (found,) = session.run(["logits"], {one.name: inputs[one.name].numpy() for one in session.get_inputs()})
        off = max(off, float(np.abs(found - expected).max()))
    return off


def batch_of(tokenizer: Any, model: EmotionClassifier, lengths: tuple[int, ...]) -> dict[str, torch.Tensor]:
    """A padded batch of texts with so many words, of tokens from all over the vocabulary."""
    random = np.random.default_rng(sum(lengths))
    texts = [tokenizer.decode(random.integers(0, len(tokenizer), count), skip_special_tokens=True) for count in lengths]
    return dict(
        tokenizer(texts, padding=True, truncation=True, max_length=model.config.max_length, return_tensors="pt")
    )
