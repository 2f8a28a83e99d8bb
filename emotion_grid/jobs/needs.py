"""Memory and time that a job asks for, estimated from a run's spec within the site's bounds."""

from dataclasses import dataclass
from typing import Any

VOCABULARY = 50_000
"""Embedding rows assumed for an encoder of which they are not known."""

BASE_MB, GPU_BASE_MB = 600, 3000
"""Memory of a training process before its model: Python and torch; with the libraries of a GPU."""

WEIGHT = 4
"""Bytes of a weight in fp32."""

STATE = 3 * WEIGHT
"""Bytes that training adds to each trained parameter, where it computes: its gradient and two moments of AdamW."""

COPIES = 2 * WEIGHT
"""Bytes of a trained parameter's copies in the machine's memory: that of the best epoch, and another while it is replaced or saved."""

LAYER_STATE, ATTENTION, ASKED_STATE = 100, 12, 64
"""Bytes of activations in fp32 for each number of a token's hidden state: what a layer that trains keeps for its gradients; what its attention
keeps, for each other token and head; and what an encoder without gradients holds at a time. `python -m benchmarks.memory` compares them."""

HEAD = 64
"""Numbers of a hidden state for each head of the attention, in nearly all families."""

EVALUATION_BATCH, TOKENS_AT_ONCE = 128, 8192
"""Texts that go through a model at once when it is evaluated, and tokens when it is only asked for features."""

CONTEXT_MB = 1000
"""Memory of a GPU that its libraries take."""

LOADING = 2 * WEIGHT
"""Bytes of a parameter of an encoder that is examined: its weights, and the file that they are read from."""

GPU_SPEED, CPU_SPEED = 1e13, 5e10
"""Floating point operations a second that an old GPU, and one CPU thread, are sure to do in training."""

BYTES_PER_TOKEN = 3
"""Bytes of a CSV file behind one token, on the safe side."""

STARTUP_SECONDS = 120
"""From the start of a training process to its first step, on a slow file system."""


@dataclass(frozen=True)
class Need:
    """What a training job asks for."""

    mem_mb: int
    runtime: int


def parameters(spec: dict[str, Any]) -> float:
    """Parameters of the encoder that a run or its tokens name: as they were counted or, from its shape, twelve squares of the width a layer."""
    encoder = spec["encoder"]
    by_shape = 12 * encoder["layers"] * encoder["hidden_size"] ** 2 + _embeddings(encoder)
    return float(encoder.get("parameters", by_shape))


def _embeddings(encoder: dict[str, Any]) -> int:
    """Parameters of the word embeddings."""
    return int(encoder.get("vocabulary", VOCABULARY) * encoder["hidden_size"])


def trained_parameters(spec: dict[str, Any]) -> float:
    """Parameters that a run trains, from its spec: its head and, of the encoder, the layers and embeddings that are not frozen, or their adapters."""
    encoder, freeze, lora = spec["encoder"], spec["freeze"], spec.get("lora")
    width, whole = encoder["hidden_size"], parameters(spec)
    units = spec["head"].get("size") or 0
    head = float(units * (units + width) * spec["head"].get("layers", 4))
    if freeze == "all":
        return head
    layers = encoder["layers"] - freeze
    if lora:
        return float(head + layers * 4 * width * lora["rank"])  # two factors for each of query and value
    return float(head + (whole - _embeddings(encoder)) * layers / encoder["layers"] if freeze else head + whole)


def activations(spec: dict[str, Any], tokens: float, texts: int) -> float:
    """Bytes of what a training step keeps for its gradients, in fp32.

    Args:
        tokens: of a text.
        texts: in the step.
    """
    encoder, freeze = spec["encoder"], spec["freeze"]
    layers = 0 if freeze == "all" else encoder["layers"] - freeze
    each = LAYER_STATE + ATTENTION * tokens / HEAD
    return float(texts * tokens * layers * encoder["hidden_size"] * each)


def _tokens(spec: dict[str, Any], longest: int) -> float:
    """Tokens of the longest text, at most.

    Args:
        longest: bytes of the longest line of the study's files.
    """
    return float(min(spec["training"]["max_length"], longest / BYTES_PER_TOKEN + 2))


def training_mb(spec: dict[str, Any], longest: int, gpus: int) -> float:
    """Memory of the machine that a run takes: of all that it computes with, unless a GPU holds that.

    Args:
        longest: bytes of the longest line of the study's files.
        gpus: of its job.
    """
    whole, trained = parameters(spec) * WEIGHT, trained_parameters(spec)
    if gpus:
        return GPU_BASE_MB + (whole + trained * (WEIGHT + COPIES)) / 1e6
    tokens, training = _tokens(spec, longest), spec["training"]
    asked: float = EVALUATION_BATCH * tokens * spec["encoder"]["hidden_size"] * ASKED_STATE
    batch = max(activations(spec, tokens, training["batch_size"]), asked)
    return BASE_MB + (whole + trained * (STATE + COPIES) + batch) / 1e6


def least_gpu_mb(spec: dict[str, Any], longest: int) -> float:
    """Memory of a GPU without which a run cannot be trained at all: batches are halved until a single text is left.

    Args:
        longest: bytes of the longest line of the study's files.
    """
    held = parameters(spec) * WEIGHT + trained_parameters(spec) * STATE
    return CONTEXT_MB + (held + activations(spec, _tokens(spec, longest), 1)) / 1e6


def _speed(site: dict[str, Any], threads: int) -> float:
    """Floating point operations a second that a job's device is sure to do."""
    return GPU_SPEED if site["gpus"] else CPU_SPEED * threads


def training_seconds(spec: dict[str, Any], train_bytes: int, site: dict[str, Any]) -> float:
    """Estimated seconds of a run, on the safe side.

    Args:
        spec: the run's spec.
        train_bytes: size of the training rows' CSV file.
    """
    passes = 2 if spec["freeze"] == "all" else 6  # operations a parameter and token: forward alone, or backward, too
    computing = parameters(spec) - _embeddings(spec["encoder"])  # embeddings are looked up
    operations: float = passes * computing * train_bytes / BYTES_PER_TOKEN * spec["training"]["epochs"]
    return STARTUP_SECONDS + operations / _speed(site, spec["training"]["threads"])


def training_need(
    specs: list[dict[str, Any]], train_bytes: int, site: dict[str, Any], attempt: int, longest: int
) -> Need:
    """Memory and time of a job that trains runs, within the site's bounds; more at a second try.

    Runs side by side need their memory together. Whether they save time depends on the device, so the time is that of one after the other.

    Args:
        specs: the runs' specs, in which the encoder's `parameters` and `vocabulary` stand where they are known.
        attempt: 1 at the first try.
        longest: bytes of the longest line of the study's files.
    """
    each = sorted(training_mb(spec, longest, site["gpus"]) for spec in specs)
    mem_mb = sum(each[-site["at_once"] :])
    minutes = sum(training_seconds(spec, train_bytes, site) for spec in specs) / 60
    return _bounded(mem_mb, minutes, site, attempt)


def encoding_need(spec: dict[str, Any], data_bytes: int, site: dict[str, Any], attempt: int) -> Need:
    """Memory and time of a job that asks a frozen encoder once for every text, within the site's bounds; more at a second try.

    Args:
        spec: of the features.
        data_bytes: size of the study's CSV files.
        attempt: 1 at the first try.
    """
    encoder, size = spec["tokens"]["encoder"], parameters(spec["tokens"])
    computing = size - _embeddings(encoder)
    seconds = STARTUP_SECONDS + 2 * computing * data_bytes / BYTES_PER_TOKEN / _speed(site, spec["threads"])
    batch = TOKENS_AT_ONCE * encoder["hidden_size"] * ASKED_STATE
    mem_mb = (GPU_BASE_MB if site["gpus"] else BASE_MB) + (size * WEIGHT + batch) / 1e6
    return _bounded(mem_mb, seconds / 60, site, attempt)


def fetching_mb(encoder: dict[str, Any], site: dict[str, Any], attempt: int) -> int:
    """Memory of a job that fetches an encoder and examines it in fp32, within the site's bounds; more at a second try.

    Args:
        encoder: its spec, with its `parameters` and `vocabulary` where they are known.
        attempt: 1 at the first try.
    """
    return _bounded(BASE_MB + parameters({"encoder": encoder}) * LOADING / 1e6, 0, site, attempt).mem_mb


def _bounded(mem_mb: float, minutes: float, site: dict[str, Any], attempt: int) -> Need:
    """A need within the site's bounds; more at a second try."""
    bound = site["mem_mb"] if attempt == 1 else site["mem_mb_retry"]
    return Need(
        mem_mb=round(min(mem_mb * 2 ** (attempt - 1), bound)),
        runtime=round(min(max(minutes * attempt, site["runtime_least"]), site["runtime"])),
    )
