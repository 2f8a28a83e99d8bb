"""Specs: everything that decides a result, and nothing else; their digests name the folders.

A spec is a plain mapping. It is written before its job starts and never changes.
"""

import re

from emotion_grid.base.digests import SHORT, digest
from emotion_grid.encoders.sources import Source
from emotion_grid.grid.axes.declared import AXES
from emotion_grid.grid.expand import Point
from emotion_grid.plan.inputs import content_digest, data_files
from emotion_grid.plan.programs import ENCODING, TRAINING, lock_digest, program_digest


def tokens_folder(run: dict) -> str:
    """Folder in the cache of the tokens that a run reads, from its spec."""
    return f"tokens/{cache_key(tokens_spec(run))}"


def features_folder(run: dict) -> str | None:
    """Folder in the cache of the features that a run reads, from its spec; None if nothing of its encoder is frozen."""
    spec = features_spec(run)
    return spec and f"features/{cache_key(spec)}"


def data_key(spec: dict) -> str:
    """The name of the folder of prepared splits."""
    return digest(spec)[:SHORT]


READABLE = 90
"""Characters of a run's name before the digest: no path of a result is longer than 200."""


def data_spec(config: dict, fold: int | None) -> dict:
    """What decides the prepared splits: the files' contents and how they are prepared."""
    data = config["data"]
    return {
        "files": {split: content_digest(path) for split, path in data_files(config).items()},
        **{key: data[key] for key in ("labels", "validation", "split_seed", "clean", "drop")},
        "folds": data.get("folds"),
        "fold": fold,
        "program": program_digest("scripts.prepare"),
    }


def run_spec(point: Point, source: Source, data: dict) -> dict:
    """What decides a run's predictions."""
    axes = {axis.name: point.values[axis.name] for axis in AXES if axis.name not in ("encoder", "fold")}
    return {
        **axes,
        "encoder": source.spec,
        "training": point.training,
        "data": data,
        "program": {"training": program_digest(*TRAINING), "encoding": program_digest(*ENCODING)},
        "lock": lock_digest(),
    }


def tokens_spec(run: dict) -> dict:
    """What decides the tokens that a run reads: every text of the study's files, whatever split it stands in."""
    return {
        "encoder": run["encoder"],
        "files": run["data"]["files"],
        "clean": run["data"]["clean"],
        "max_length": run["training"]["max_length"],
        "program": run["program"]["encoding"],
        "lock": run["lock"],
    }


def features_spec(run: dict) -> dict | None:
    """What decides the features that a run reads: the output of its encoder's frozen part; None if nothing is frozen.

    Heads that read one vector a text need no more than that of it (`output`: first or mean), all else the states of every token.
    """
    if run["freeze"] == 0:
        return None
    vectors = run["freeze"] == "all" and run["head"]["type"] == "mlp"
    return {
        "tokens": tokens_spec(run),
        "layer": run["freeze"],
        "output": run["head"]["pooling"] if vectors else "states",
        "precision": run["training"]["precision"],
        "threads": run["training"]["threads"],
    }


def cache_key(spec: dict) -> str:
    """The name of a folder in the cache."""
    return digest(spec)[:16]


def run_name(point: Point, spec: dict) -> str:
    """A run's folder: its axis values for people, and the spec's digest; it depends on nothing but the point and its spec."""
    parts = [axis.part(point.values[axis.name]) for axis in AXES]
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", "_".join(part for part in parts if part))[:READABLE]
    return f"{readable}_{digest(spec)[:SHORT]}"


def baseline_spec(kind: str, data: dict) -> dict:
    """What decides a baseline's predictions."""
    return {"baseline": kind, "data": data, "program": program_digest("scripts.baseline"), "lock": lock_digest()}
