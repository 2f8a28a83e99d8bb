"""Specs: everything that decides a result, and nothing else; their digests name the folders.

A spec is a plain mapping. It is written before its job starts and never changes.
"""

import re
from dataclasses import dataclass
from typing import Any

from emotion_grid.base.digests import SHORT, digest
from emotion_grid.base.prompts import TEXT
from emotion_grid.encoders.sources import Source
from emotion_grid.grid.axes.declared import AXES
from emotion_grid.grid.axes.head import HEADS
from emotion_grid.grid.expand import Point
from emotion_grid.grid.values import training_part
from emotion_grid.plan.added import added_spec, added_texts
from emotion_grid.plan.inputs import checked_files, label_names, reading_of, united_sets
from emotion_grid.plan.programs import (
    ADDING,
    FEATURES,
    PREPARATION,
    TOKENS,
    TRAINING,
    UNITING,
    lock_digest,
    program_digest,
)

READABLE = 90
"""Characters of a run's name before the digest: no path of a result is longer than 200."""


def axis_values(values: dict[str, Any], place: str) -> dict[str, Any]:
    """The values of the axes that have their place in one part of the spec; an axis at its neutral value is not mentioned."""
    return {
        axis.name: values[axis.name]
        for axis in AXES
        if axis.place == place and values.get(axis.name, axis.neutral) != axis.neutral
    }


def data_spec(config: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """What decides the prepared splits: the raw files and how they are prepared.

    Args:
        values: resolved values of the axes whose place is the data.

    Raises:
        InputError: a file that is not there or no table, and rows that cannot be used.
    """
    if united_sets(config):
        return _united_spec(config)
    data, files, reading = config["data"], checked_files(config), reading_of(config)
    labels = {"labels": label_names(config), **({"reading": reading} if reading else {})}
    added = {"added": added_spec(config, values["added"])} if values.get("added") else {}
    return {
        "files": {split: file.content for split, file in files.items()},
        "texts": {split: file.texts for split, file in files.items()},
        **labels,
        **{key: data[key] for key in ("validation", "split_seed", "clean", "drop")},
        "folds": data.get("folds"),
        **axis_values(values, "data"),
        **added,
        "program": program_digest(PREPARATION, *([ADDING] if added else [])),
    }


def _united_spec(config: dict[str, Any]) -> dict[str, Any]:
    """What decides the prepared splits of a set that unites others: theirs, and which of their rows train and which judge.

    The texts of each set have its name before that of the split.
    """
    parts = {name: data_spec(part, {"fold": None}) for name, part in united_sets(config).items()}
    which = config["united"]
    used = [(name, "train") for name in which["train_on"]]
    used += [(name, split) for name in which["judged_on"] for split in parts[name]["files"] if split != "train"]
    return {
        "sets": parts,
        **{key: which[key] for key in ("train_on", "judged_on")},
        **{key: {f"{name}/{split}": parts[name][key][split] for name, split in used} for key in ("files", "texts")},
        "labels": label_names(config),
        **{key: config["data"][key] for key in ("validation", "split_seed", "clean")},
        "drop": [],
        "folds": None,
        "fold": None,
        "program": program_digest(UNITING),
    }


def training_data(data: dict[str, Any]) -> dict[str, Any]:
    """What of the prepared splits training reads: the training rows and how they are cut; nothing of dev and test.

    Only where rows are dropped whose texts stand in dev or test, too, do the texts of these decide which rows are left: added rows always are.
    """
    if "sets" in data:
        parts = {name: training_data(data["sets"][name]) for name in data["train_on"]}
        return {**{key: data[key] for key in ("labels", "folds", "fold", "program")}, "sets": parts}
    part = {key: value for key, value in data.items() if key not in ("files", "texts")}
    elsewhere = {"elsewhere": _judged_texts(data)} if "overlaps" in data["drop"] or "added" in data else {}
    return {"train": data["files"]["train"], **part, **elsewhere}


def _judged_texts(data: dict[str, Any]) -> dict[str, Any]:
    """Digests of the texts of dev and test."""
    if "sets" in data:
        return {name: _judged_texts(data["sets"][name]) for name in data["judged_on"]}
    return {split: texts for split, texts in data["texts"].items() if split != "train"}


def texts_key(data: dict[str, Any]) -> str:
    """The name of what a run predicts: the texts of dev and test, cleaned."""
    return digest([_judged_texts(data), data["clean"]])[:SHORT]


def data_key(data: dict[str, Any]) -> str:
    """The name of the folder of prepared splits."""
    return digest(data)[:SHORT]


def source_spec(encoder: dict[str, Any]) -> dict[str, Any]:
    """What a spec's `encoder` says of the encoder's source, without its prompt and the values of the axes whose place it is."""
    others = {"prompt", *(axis.name for axis in AXES if axis.place == "encoder")}
    return {key: value for key, value in encoder.items() if key not in others}


def run_spec(point: Point, source: Source, data: dict[str, Any]) -> dict[str, Any]:
    """What decides a run's predictions: what training reads, and the programs that read it."""
    encoder = axis_values(point.values, "encoder")
    del encoder["encoder"]  # a name in the config; the pinned source stands for it
    prompt = {} if source.prompt == TEXT else {"prompt": source.prompt}
    spec = {
        **axis_values(point.values, "run"),
        "encoder": {**source.spec, **prompt, **encoder},
        "training": point.training,
        "data": training_data(data),
    }
    modules = [module for axis in AXES for module in axis.modules(point.values[axis.name])]
    programs = {"tokens": program_digest(TOKENS), "training": program_digest(TRAINING, *modules)}
    if spec["freeze"] != 0:
        programs["features"] = program_digest(FEATURES)
    return {**spec, "program": programs, "lock": lock_digest()}


def tokens_spec(run: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """What decides the tokens that a run reads: every text of the study, whatever split it belongs to."""
    return {
        "encoder": run["encoder"],
        "texts": {**data["texts"], **added_texts(data)},
        "clean": data["clean"],
        "max_length": run["training"]["max_length"],
        "program": program_digest(TOKENS),
        "lock": run["lock"],
    }


def features_spec(run: dict[str, Any], data: dict[str, Any]) -> dict[str, Any] | None:
    """What decides the features that a run reads: hidden states above its encoder's frozen layers; None if nothing is frozen.

    `output` is the pooling where the whole encoder is frozen and the head reads one vector a text, else the states of all tokens.
    """
    if run["freeze"] == 0:
        return None
    vectors = run["freeze"] == "all" and HEADS[run["head"]["type"]].reads == "vector"
    return {
        "tokens": tokens_spec(run, data),
        "layer": run["freeze"],
        "output": run["head"]["pooling"] if vectors else "states",
        "precision": run["training"]["precision"],
        "threads": run["training"]["threads"],
        "program": program_digest(FEATURES),
    }


def row_spec(data: dict[str, Any], program: str, **own: Any) -> dict[str, Any]:
    """What decides the predictions of a row that is no run: it may learn from the training rows, and predicts validation, dev and test.

    Args:
        data: the spec of the prepared splits.
        program: the module that predicts.
        own: what else decides the predictions.
    """
    return {
        **own,
        "data": {**training_data(data), "texts": _judged_texts(data)},
        "program": program_digest(program),
        "lock": lock_digest(),
    }


def cache_key(spec: dict[str, Any]) -> str:
    """The name of a folder in the cache."""
    return digest(spec)[:16]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where the job of a row finds what it reads; written beside its spec by the process that a user starts.

    Attributes:
        data: folder of the prepared splits, in the experiment's folder of results.
        encoder, tokens: folders in the cache; None for rows that are no runs.
        features: folder in the cache; None where no layer is frozen.
        texts: the name of dev's and test's texts, which a run's predictions are for.
    """

    data: str
    encoder: str | None = None
    tokens: str | None = None
    features: str | None = None
    texts: str | None = None


def run_name(point: Point, spec: dict[str, Any]) -> str:
    """A run's folder: its axis values and its training values for people, and the spec's digest; it depends on nothing else."""
    return named([*axis_parts(point), training_part(point.training)], spec)


def axis_parts(point: Point) -> list[str]:
    """A point's axis values for people; one at its neutral value is not mentioned."""
    return [axis.part(point.values[axis.name]) for axis in AXES if point.values[axis.name] != axis.neutral]


def named(parts: list[str], spec: dict[str, Any]) -> str:
    """The name of a folder of results: parts for people, and the spec's digest."""
    return f"{readable(parts)}_{digest(spec)[:SHORT]}"


def readable(parts: list[str]) -> str:
    """What of a name is for people."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "_".join(part for part in parts if part))[:READABLE]
