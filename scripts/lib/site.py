"""What a job asks of a cluster: the site's bounds, and estimates from a run's spec within them.

Imports neither torch nor transformers: the Snakefile reads it at every start.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.lib.config import PROJECT, check_values, load_yaml
from scripts.lib.files import InputError

SITE_FILE = PROJECT / "profiles" / "slurm" / "site.yaml"

_TEXT = {"type": "string"}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "account": {**_TEXT, "default": ""},
        "partition": {**_TEXT, "default": ""},
        "gpus": {"type": "integer", "minimum": 0, "default": 1},
        "gpu_request": {"enum": ["gres", "gpus"], "default": "gres"},
        "gpu_type": {**_TEXT, "default": ""},
        "mem_mb": {"type": "integer", "minimum": 300, "default": 8000},
        "mem_mb_retry": {"type": "integer", "minimum": 300, "default": 16000},
        "runtime": {"type": "integer", "minimum": 1, "default": 240},
        "runtime_least": {"type": "integer", "minimum": 1, "default": 20},
        "qos": {**_TEXT, "default": ""},
        "constraint": {**_TEXT, "default": ""},
        "mail": {**_TEXT, "default": ""},
        "pack": {"type": "integer", "minimum": 1, "maximum": 100, "default": 1},
        "light_steps": {"enum": ["login", "job"], "default": "login"},
        "container": {**_TEXT, "minLength": 1, "default": "containers/image"},
        "bind": {"type": "array", "items": {**_TEXT, "minLength": 1}, "default": []},
    },
}

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


LIGHT_MB, LIGHT_MINUTES = 2000, 30
"""Memory and time of a step without training; a group of them asks for the sum."""


@dataclass(frozen=True)
class Need:
    """What a training job asks for."""

    mem_mb: int
    runtime: int


def load_site(path: Path = SITE_FILE) -> dict[str, Any]:
    """The site file's values; account and container may come from the environment.

    Raises:
        InputError: unknown keys or impossible values.
    """
    site = check_values(load_yaml(path) or {}, SCHEMA, str(path))
    site["account"] = os.environ.get("EMOTION_GRID_ACCOUNT", site["account"])
    site["container"] = os.environ.get("EMOTION_GRID_CONTAINER", site["container"])
    for folder in site["bind"]:
        if not Path(folder).expanduser().exists():
            raise InputError(f"{path}: bind: expected paths that are there, found nothing at {folder}")
    if site["mem_mb_retry"] < site["mem_mb"]:
        raise InputError(
            f"{path}: mem_mb_retry: expected at least mem_mb ({site['mem_mb']}), found {site['mem_mb_retry']}"
        )
    return site


def fixed_resources(site: dict, gpu: bool) -> dict[str, Any]:
    """The resources that are the same for every job of a kind, by the names of Snakemake's Slurm executor."""
    found = {"slurm_account": site["account"], "slurm_partition": site["partition"], "qos": site["qos"]}
    found["constraint"] = site["constraint"]
    if site["mail"]:
        found["slurm_extra"] = f"--mail-user={site['mail']} --mail-type=END,FAIL"
    if gpu and site["gpus"]:
        kind = f":{site['gpu_type']}" if site["gpu_type"] else ""
        if site["gpu_request"] == "gres":
            found["gres"] = f"gpu{kind}:{site['gpus']}"
        else:
            found |= {"gpu": site["gpus"], "gpu_model": site["gpu_type"]}
    return {name: value for name, value in found.items() if value != ""}


def light_resources(site: dict) -> dict[str, Any]:
    """The resources of a step without training, where it is a job."""
    return {
        **fixed_resources(site, gpu=False),
        "mem_mb": min(LIGHT_MB, site["mem_mb"]),
        "runtime": min(LIGHT_MINUTES, site["runtime"]),
    }


def parameters(spec: dict) -> float:
    """Parameters of the encoder that a run or its tokens name, from its shape: twelve squares of the width a layer, and the embeddings."""
    encoder = spec["encoder"]
    return (12 * encoder["layers"] * encoder["hidden_size"] + VOCABULARY) * encoder["hidden_size"]


def _speed(site: dict, threads: int) -> float:
    """Floating point operations a second that a job's device is sure to do."""
    return GPU_SPEED if site["gpus"] else CPU_SPEED * threads


def training_seconds(spec: dict, train_bytes: int, site: dict) -> float:
    """Estimated seconds of a run, on the safe side.

    Args:
        spec: the run's spec.
        train_bytes: size of the training rows' CSV file.
    """
    passes = 2 if spec["freeze"] == "all" else 6  # operations a parameter and token: forward alone, or backward, too
    operations = passes * parameters(spec) * train_bytes / BYTES_PER_TOKEN * spec["training"]["epochs"]
    return STARTUP_SECONDS + operations / _speed(site, spec["training"]["threads"])


def training_need(specs: list[dict], train_bytes: int, site: dict, attempt: int) -> Need:
    """Memory and time of a job that trains runs one after another, within the site's bounds; more at a second try.

    Args:
        specs: the runs' specs.
        attempt: 1 at the first try.
    """
    mem_mb = BASE_MB + max(parameters(spec) * _bytes(spec) for spec in specs) / 1e6
    minutes = sum(training_seconds(spec, train_bytes, site) for spec in specs) / 60
    return _bounded(mem_mb, minutes, site, attempt)


def encoding_need(spec: dict, data_bytes: int, site: dict, attempt: int) -> Need:
    """Memory and time of a job that asks a frozen encoder once for every text, within the site's bounds; more at a second try.

    Args:
        spec: of the features.
        data_bytes: size of the study's CSV files.
        attempt: 1 at the first try.
    """
    size = parameters(spec["tokens"])
    seconds = STARTUP_SECONDS + 2 * size * data_bytes / BYTES_PER_TOKEN / _speed(site, spec["threads"])
    return _bounded(BASE_MB + size * BYTES_PER_WEIGHT / 1e6, seconds / 60, site, attempt)


def _bytes(spec: dict) -> int:
    """Bytes that a run holds a parameter of its encoder."""
    return BYTES_PER_WEIGHT if spec["freeze"] == "all" else BYTES_PER_PARAMETER


def _bounded(mem_mb: float, minutes: float, site: dict, attempt: int) -> Need:
    """A need within the site's bounds; more at a second try."""
    bound = site["mem_mb"] if attempt == 1 else site["mem_mb_retry"]
    return Need(
        mem_mb=round(min(mem_mb * 2 ** (attempt - 1), bound)),
        runtime=round(min(max(minutes * attempt, site["runtime_least"]), site["runtime"])),
    )


def pack_runs(specs: dict[str, dict], train_bytes: int, site: dict) -> list[list[str]]:
    """Runs that share a job, by name and in order: at most `pack` of them, as many as its longest time is sure to hold.

    Args:
        specs: the runs' specs by name.
    """
    packs: list[list[str]] = []
    left = 0.0
    for name, spec in specs.items():
        seconds = training_seconds(spec, train_bytes, site)
        if not packs or len(packs[-1]) == site["pack"] or seconds > left:
            packs.append([])
            left = site["runtime"] * 60
        packs[-1].append(name)
        left -= seconds
    return packs
