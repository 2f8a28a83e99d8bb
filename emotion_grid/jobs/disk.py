"""The disk space that a study takes, estimated before anything runs, from the shapes of its encoders and the size of its data."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion_grid.base.numbers import gigabytes
from emotion_grid.base.sharing import free_bytes
from emotion_grid.jobs.needs import BYTES_PER_TOKEN, WEIGHT, parameters, trained_parameters

CHECKPOINT = 8 * WEIGHT
"""Bytes of checkpoints for each trained parameter: weights, those of the best epoch and two moments of AdamW; twice, since a checkpoint
goes when the next one is complete."""

TOKEN = 8
"""Bytes of a token in the cache: its number and its segment."""

PROBABILITY = 12
"""Bytes of a probability in a prediction table."""

RECORDS = 150_000
"""Bytes of what a run has besides: logs, history, metrics."""


@dataclass(frozen=True)
class Disk:
    """Bytes that a study takes at most, by kind.

    Attributes:
        encoders, tokens, features: in the cache.
        models: trained models that are kept at the end.
        training: checkpoints, and models that are not kept, of the runs that train at the same time.
        tables: prepared data, predictions, metrics and logs.
    """

    encoders: float
    tokens: float
    features: float
    models: float
    training: float
    tables: float

    @property
    def cache(self) -> float:
        """Bytes in the cache."""
        return self.encoders + self.tokens + self.features

    @property
    def end(self) -> float:
        """Bytes when the study is complete."""
        return self.cache + self.models + self.tables

    @property
    def peak(self) -> float:
        """Bytes while runs train, at most."""
        return self.end + self.training


def disk_space(
    runs: Iterable[dict[str, Any]],
    encoders: Iterable[dict[str, Any]],
    cached: dict[str, dict[str, Any]],
    data: tuple[int, int],
    config: dict[str, Any],
    at_once: int,
) -> Disk:
    """What a study takes.

    Args:
        runs: the specs of its runs.
        encoders: the specs of its encoders.
        cached: the specs of its tokens and features, by their folder in the cache.
        data: bytes and rows of its raw files.
        config: the checked config.
        at_once: how many runs train at the same time, at most.
    """
    size, rows = data
    trained = sorted(map(trained_parameters, runs), reverse=True)
    features = [_features(spec, size, rows) for spec in cached.values() if "tokens" in spec]
    models = {"all": sum(trained), "best": sum(trained[:1]), "none": 0}[config["keep_models"]] * WEIGHT
    # With `best`: the models of the runs that have just ended, and one of each setting of which other runs train.
    waiting = 2 * WEIGHT if config["keep_models"] == "best" else 0
    labels = len(config["data"]["labels"])
    return Disk(
        encoders=sum(parameters({"encoder": spec}) * WEIGHT for spec in encoders),
        tokens=sum(size / BYTES_PER_TOKEN * TOKEN for spec in cached.values() if "tokens" not in spec),
        features=sum(min(one, config["features_gb"] * 1e9) for one in features),
        models=models,
        training=sum(trained[:at_once]) * (CHECKPOINT + waiting),
        tables=2 * size + len(trained) * (rows * labels * PROBABILITY + RECORDS),
    )


def total(spaces: list[Disk]) -> Disk:
    """What several data sets of a study take together; of what is there while runs train, the most of any of them."""
    sums = {field.name: sum(getattr(space, field.name) for space in spaces) for field in dataclasses.fields(Disk)}
    return Disk(**{**sums, "training": max(space.training for space in spaces)})


def _features(spec: dict[str, Any], size: int, rows: int) -> float:
    """Bytes of features: a vector for each text, or the hidden states of all tokens, which take half where they are computed in half precision."""
    width = spec["tokens"]["encoder"]["hidden_size"]
    if spec["output"] != "states":
        return float(rows * width * WEIGHT)
    return float(size / BYTES_PER_TOKEN * width) * (2 if spec["precision"] in ("bf16", "fp16") else WEIGHT)


def disk_text(disk: Disk, at_once: int, cache: Path, results: Path) -> str:
    """The estimate in words, with the space that is free now.

    Args:
        at_once: how many runs train at the same time, at most.
        cache: the folder of what experiments share.
        results: the experiment's folder of results.
    """
    cached = (
        f"encoders {gigabytes(disk.encoders)}, tokens {gigabytes(disk.tokens)}, features {gigabytes(disk.features)}"
    )
    ends = f"models {gigabytes(disk.models)}, tables {gigabytes(disk.tables)}"
    return (
        f"Disk space of this study, estimated from the shapes of its encoders and the size of its data: at most {gigabytes(disk.peak)} while "
        f"runs train ({at_once} at the same time), {gigabytes(disk.end)} at the end.\n"
        f"  {cache}: {cached}; {gigabytes(free_bytes(cache))} are free\n"
        f"  {results}: {ends}, and while runs train at most {gigabytes(disk.training)} of checkpoints; {gigabytes(free_bytes(results))} are free"
    )
