"""Finished results of an older program or lock that the config lets stand."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import canonical
from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import read_record, spec_damage
from emotion_grid.base.layout import RUNS, SPEC
from emotion_grid.base.messages import log
from emotion_grid.data.splits import INPUTS, RESULT_FILES, missing_files
from emotion_grid.plan.specs import training_data


def finished_runs(folder: Path) -> dict[str, list[str]]:
    """Names of the runs on disk, by their readable part."""
    names: dict[str, list[str]] = {}
    for entry in os.scandir(folder) if folder.is_dir() else ():
        readable, _, _ = entry.name.rpartition("_")
        names.setdefault(readable, []).append(entry.name)
    return names


@dataclass(frozen=True)
class Standing:
    """The run that stands for a point of the grid.

    Attributes:
        name: of its folder.
        spec: its spec, as it was written.
        data: the spec of the prepared splits that it is judged by.
        older: what of it is older than the checkout: `program`, `lock`.
    """

    name: str
    spec: dict[str, Any]
    data: dict[str, Any]
    older: tuple[str, ...] = ()


def standing_run(
    name: str,
    spec: dict[str, Any],
    data: dict[str, Any],
    home: Path,
    candidates: list[str],
    older_results: dict[str, Any],
) -> Standing:
    """The run that stands for a spec: its own or, where the config lets it, a finished one that differs in program or lock alone.

    Args:
        name: the run's own name.
        data: the spec of the prepared splits.
        home: the experiment's folder of results.
        candidates: names of runs there whose readable part is that of this run, in the present form or that of version 0.1.
        older_results: the config's section.
    """
    folder, own = home / RUNS, Standing(name, spec, data)
    candidates = [other for other in candidates if other != name]
    kept = tuple(key for key in ("program", "lock") if older_results[key] == "keep")
    if not candidates or not kept or not missing_files(folder / name, RESULT_FILES):
        return own
    wanted = canonical(_without(spec, kept))
    for other in sorted(candidates, key=lambda other: -(folder / other).stat().st_mtime):
        if missing_files(folder / other, (*RESULT_FILES, SPEC)):
            continue
        if damage := spec_damage(folder / other):
            log(f"an older run does not stand for {name}: {damage}")
            continue
        written = read_json(folder / other / SPEC)
        if canonical(_without(_in_present_form(written, data), kept)) == wanted:
            older = tuple(key for key in kept if _part(written, key) != _part(spec, key))
            return Standing(other, written, _judging_data(written, data, home, folder / other), older)
    return own


def _judging_data(spec: dict[str, Any], data: dict[str, Any], home: Path, folder: Path) -> dict[str, Any]:
    """The prepared splits that an older run is judged by: the present ones, or its own if these were prepared by another program."""
    if "files" in spec["data"]:
        return spec["data"] if predicts(spec, data) else data
    inputs = folder / INPUTS
    if spec["data"]["program"] == data["program"] or not inputs.is_file():
        return data
    own, _ = read_record(home / read_record(inputs)[0].get("data", "") / SPEC)
    return own or data


def predicts(spec: dict[str, Any], data: dict[str, Any]) -> bool:
    """Whether a finished run of version 0.1, whose spec names the files of dev and test, predicts the present ones."""
    return "files" in spec["data"] and spec["data"]["files"] == data["files"]


def _in_present_form(spec: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """A spec of version 0.1, which names the files of all splits, as one that names what training reads."""
    if "files" not in spec["data"]:
        return spec
    rest = {key: value for key, value in spec["data"].items() if key != "files"}
    elsewhere = {key: value for key, value in training_data(data).items() if key == "elsewhere"}
    same = elsewhere if spec["data"]["files"] == data["files"] else {}
    return {**spec, "data": {**rest, "train": spec["data"]["files"]["train"], **same}}


def _without(spec: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """A spec without its program or lock, and its data without theirs."""
    return {key: _without(value, keys) if key == "data" else value for key, value in spec.items() if key not in keys}


def _part(spec: dict[str, Any], key: str) -> list[Any]:
    return [spec.get(key), spec["data"].get(key)]
