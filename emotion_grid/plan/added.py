"""Rows of other data sets that a run may train on besides: what is under `data.added` in a config."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.data.problems import listed
from emotion_grid.data.splits import ADDED
from emotion_grid.plan.inputs import checked_files, label_names, raw_bytes, raw_files, reading_of
from emotion_grid.plan.sets import missing_labels

PLACE = f"{ADDED}/"
"""What stands before the name of added rows where a spec of tokens names texts by their split."""


def file_config(config: dict[str, Any], name: str) -> dict[str, Any]:
    """A config, checked or not, whose training file is that of added rows."""
    return {**config, "data": config["data"]["added"][name]}


def added_files(config: dict[str, Any]) -> list[Path]:
    """The files of all added rows that a config names, checked or not."""
    entries = config.get("data", {}).get("added", {})
    names = entries if isinstance(entries, dict) else []
    return [
        path
        for name in names
        if isinstance(entries[name], dict)
        for path in raw_files(file_config(config, name)).values()
    ]


def added_config(config: dict[str, Any], name: str) -> dict[str, Any]:
    """The checked config of a study whose training rows are added rows, with those of the study's labels that they have.

    Raises:
        InputError: added rows that have none of the labels.
    """
    found, wanted = file_config(config, name), label_names(config)
    labels = found["data"].get("labels")
    if labels is None:
        found = {**found, "data": {**found["data"], "labels": wanted}}
        missing = missing_labels(found)
        labels = [label for label in wanted if label not in missing]
    known = [label for label in wanted if label in labels]
    if not known:
        raise InputError(
            f"data.added.{name}: expected rows with some of the labels {listed(wanted)}, found none; name columns or classes under labels"
        )
    fitted = {label: labels[label] for label in known} if isinstance(labels, dict) else known
    return {**found, "data": {**found["data"], "labels": fitted}}


def added_spec(config: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """What decides the added rows of prepared splits: what is done with them, their file, how it is read, and the labels that they have.

    Args:
        config: a checked config.
        added: the value of the axis.

    Raises:
        InputError: a file that is not there or no table, rows that cannot be used, or that have none of the labels.
    """
    part = added_config(config, added["name"])
    try:
        file, reading = checked_files(part)["train"], reading_of(part)
    except InputError as error:
        raise InputError(f"data.added.{added['name']}: {error}") from None
    labels = {"labels": label_names(part), **({"reading": reading} if reading else {})}
    return {**added, "file": file.content, "texts": file.texts, **labels}


def added_texts(data: dict[str, Any]) -> dict[str, str]:
    """The texts of added rows as specs of tokens name them; none without such rows.

    Args:
        data: the spec of the prepared splits.
    """
    return {f"{PLACE}{data['added']['name']}": data["added"]["texts"]} if "added" in data else {}


def added_name(texts: dict[str, Any]) -> str | None:
    """The name of the added rows among texts that a spec of tokens names; None without such rows."""
    return next((name.removeprefix(PLACE) for name in texts if name.startswith(PLACE)), None)


def bytes_with_added(config: dict[str, Any], *splits: str, names: Iterable[str | None]) -> int:
    """Size of the raw files of some splits and of added rows, in bytes.

    Args:
        config: checked or not.
        names: of added rows; None stands for none.
    """
    added = {name for name in names if name}
    return raw_bytes(config, *splits) + sum(raw_bytes(file_config(config, name), "train") for name in added)
