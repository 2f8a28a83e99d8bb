"""Memory and time that a job asks for, estimated from a run's spec within the site's bounds."""

from dataclasses import dataclass
from typing import Any

VOCABULARY = 50_000
"""Embedding rows assumed for an encoder, since a spec does not hold them."""

BASE_MB = 3000
"""Memory of a training process before its model: Python, torch, the device's libraries."""

BYTES_PER_PARAMETER = 20
"""Weights, gradients, two moments of AdamW and the best epoch's copy, in fp32 (measured: MPNet, 110 M, 5.2 GB in all)."""

BYTES_PER_WEIGHT = 8
"""Of an encoder that is only asked: its weights in fp32, and room for a batch."""

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
    """Parameters of the encoder that a run or its tokens name, from its shape: twelve squares of the width a layer, and the embeddings."""
    encoder = spec["encoder"]
    return float((12 * encoder["layers"] * encoder["hidden_size"] + VOCABULARY) * encoder["hidden_size"])


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
    operations: float = passes * parameters(spec) * train_bytes / BYTES_PER_TOKEN * spec["training"]["epochs"]
    return STARTUP_SECONDS + operations / _speed(site, spec["training"]["threads"])


def training_need(specs: list[dict[str, Any]], train_bytes: int, site: dict[str, Any], attempt: int) -> Need:
    """Memory and time of a job that trains runs, within the site's bounds; more at a second try.

    Runs side by side need their memory together. Whether they save time depends on the device, so the time is that of one after the other.

    Args:
        specs: the runs' specs.
        attempt: 1 at the first try.
    """
    each = sorted(BASE_MB + parameters(spec) * _bytes(spec) / 1e6 for spec in specs)
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
    size = parameters(spec["tokens"])
    seconds = STARTUP_SECONDS + 2 * size * data_bytes / BYTES_PER_TOKEN / _speed(site, spec["threads"])
    return _bounded(BASE_MB + size * BYTES_PER_WEIGHT / 1e6, seconds / 60, site, attempt)


def _bytes(spec: dict[str, Any]) -> int:
    """Bytes that a run holds a parameter of its encoder."""
    return BYTES_PER_WEIGHT if spec["freeze"] == "all" else BYTES_PER_PARAMETER


def _bounded(mem_mb: float, minutes: float, site: dict[str, Any], attempt: int) -> Need:
    """A need within the site's bounds; more at a second try."""
    bound = site["mem_mb"] if attempt == 1 else site["mem_mb_retry"]
    return Need(
        mem_mb=round(min(mem_mb * 2 ** (attempt - 1), bound)),
        runtime=round(min(max(minutes * attempt, site["runtime_least"]), site["runtime"])),
    )
