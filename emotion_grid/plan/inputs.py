"""The raw files of a study."""

import functools
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion_grid.base.layout import DATASETS, FILES
from emotion_grid.base.messages import InputError
from emotion_grid.data.hub import HubSplit, hub_split, is_hub
from emotion_grid.data.mapping import Mapping, check_classes, read_mapping
from emotion_grid.data.problems import listed
from emotion_grid.data.raw import RawTable, content_bytes, content_digest, raw_table

RAW_SPLITS = ("train", "dev", "test")
"""The splits that a config names files for."""


@dataclass(frozen=True)
class RawFile:
    """Digests of a raw file: of its bytes, and of its ids and texts. The name of a split on the hub stands for both."""

    content: str
    texts: str


def raw_files(config: dict[str, Any]) -> dict[str, Path]:
    """The raw file of each split that a config names, there or not; none of a set that unites others, whose rows are theirs."""
    if "united" in config:
        return {}
    root = Path(config.get("data_root", ".")).expanduser()
    cache = Path(config.get("cache_root", "cache")).expanduser()
    data = config.get("data", {})
    fetched = {split: cache / DATASETS / source.key / FILES for split, source in hub_splits(config).items()}
    return {split: fetched.get(split, root / data[split]) for split in RAW_SPLITS if split in data}


def hub_splits(config: dict[str, Any]) -> dict[str, HubSplit]:
    """The splits of a config, checked or not, that are fetched from the hub; none of a set that unites others."""
    data = {} if "united" in config else config.get("data", {})
    return {split: hub_split(data[split]) for split in RAW_SPLITS if split in data and is_hub(str(data[split]))}


def raw_bytes(config: dict[str, Any], *splits: str) -> int:
    """Size of the raw files of some splits, in bytes."""
    if "united" in config:
        return sum(raw_bytes(part, *splits) for part in united_sets(config).values())
    files = raw_files(config)
    return sum(content_bytes(files[split]) for split in splits if split in files and files[split].exists())


def raw_rows(config: dict[str, Any]) -> int:
    """Lines of all raw files: as many as rows, unless texts hold line breaks or a file is no text."""
    if "united" in config:
        return sum(map(raw_rows, united_sets(config).values()))
    lines = 0
    for path in raw_files(config).values():
        if path.is_file():
            with path.open("rb") as file:
                lines += sum(1 for _ in file)
    return lines


def longest_line(config: dict[str, Any]) -> int:
    """Bytes of the longest line of all raw files: no text is longer, unless it holds line breaks or a file is no text."""
    if "united" in config:
        return max(map(longest_line, united_sets(config).values()))
    return max((_longest_line(path) for path in raw_files(config).values() if path.is_file()), default=0)


@functools.cache
def _longest_line(path: Path) -> int:
    with path.open("rb") as file:
        return max(map(len, file), default=0)


def united_sets(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The checked configs of the sets that a set unites, by their names; none if it has files of its own."""
    found: dict[str, dict[str, Any]] = config["united"]["sets"] if "united" in config else {}
    return found


def label_names(config: dict[str, Any]) -> list[str]:
    """The labels of a checked config, whether it lists them or maps them."""
    return list(config["data"]["labels"])


def labelled_rows(config: dict[str, Any], split: str) -> int | None:
    """Rows of a split's file that are annotated for the first label; None if the step `prepare` will know, which reads every form."""
    mapping = read_mapping({"labels": label_names(config), "reading": reading_of(config)})
    return _table(config, split, mapping).labelled


def ids_of(config: dict[str, Any], split: str) -> list[str] | None:
    """The ids of a split's texts; None where planning does not know all of them: of files that the step `prepare` reads, or drops rows of.

    Raises:
        InputError: the study has no such split.
    """
    mapping = read_mapping({"labels": label_names(config), "reading": reading_of(config)})
    if split not in raw_files(config):
        raise InputError(f"expected predictions for splits of the study only, found {split}.csv, and no data.{split}")
    return None if mapping.drop else _table(config, split, mapping).ids


def _table(config: dict[str, Any], split: str, mapping: Mapping) -> RawTable:
    """What planning knows of the file of a split; of one on the hub, which may not be fetched yet, its name."""
    if source := hub_splits(config).get(split):
        return RawTable(str(source))
    return raw_table(raw_files(config)[split], mapping, gold=split == "train")


def reading_of(config: dict[str, Any]) -> dict[str, Any]:
    """How a checked config reads its files, without what is as usual: part of the spec of its prepared splits, if it is not empty.

    Raises:
        InputError: classes that cannot be read, or a label that is none of them.
    """
    data = config["data"]
    usual = {"read": {}, "columns": {"id": "id", "text": "text"}, "unlabelled": [""], "on_bad_rows": "stop"}
    reading = {key: data[key] for key in (*usual, "label_column", "raters") if data.get(key) != usual.get(key)}
    if "unlabelled" in reading:
        reading["unlabelled"] = [str(value) for value in data["unlabelled"]]
    if "positive_from" in data:
        reading["positive_from"] = float(data["positive_from"])
    if isinstance(data["labels"], dict):
        united = {label: [names] if isinstance(names, str) else names for label, names in data["labels"].items()}
        united = {label: names for label, names in united.items() if names != [label]}
        reading |= {"labels": united} if united else {}
    if "classes" in data:
        reading["classes"] = _classes(config, reading.get("labels", {}))
    return reading


def _classes(config: dict[str, Any], united: dict[str, list[str]]) -> list[str]:
    """The classes of a config, from their list or file; each label has to unite some of them."""
    classes = config["data"]["classes"]
    if isinstance(classes, str):
        path = Path(config["data_root"]).expanduser() / classes
        try:
            lines = path.read_text(encoding="utf-8-sig").split("\n")
        except (OSError, UnicodeDecodeError):
            raise InputError(
                f"data.classes: expected a text file with a class in each line, found none at {path}"
            ) from None
        classes = [unicodedata.normalize("NFC", line.strip()) for line in lines if line.strip()]
    for label in label_names(config):
        for name in united.get(label, [label]):
            if name not in classes:
                raise InputError(
                    f"data.labels.{label}: expected classes of data.classes, found {name}; they are {listed(classes)}"
                )
    return list(classes)


def checked_files(config: dict[str, Any]) -> dict[str, RawFile]:
    """The raw file of each split that a study has, with what planning knows of it.

    Raises:
        InputError: files that are not there or no tables, and all rows that cannot be used.
    """
    mapping = read_mapping({"labels": label_names(config), "reading": reading_of(config)})
    found, refused, named = {}, [], []
    on_hub = hub_splits(config)
    for split, path in raw_files(config).items():
        if split not in on_hub and not path.exists():
            raise InputError(
                f"data.{split}: expected a file with a table, found nothing at {path} (data_root is {config['data_root']})"
            )
        try:
            table = _table(config, split, mapping)
        except InputError as error:
            raise InputError(f"data.{split}: {error}") from None
        if table.problems and not mapping.drop:
            refused.append(f"data.{split}: {table.problems}")
        content = str(on_hub[split]) if split in on_hub else content_digest(path)
        found[split] = RawFile(content, table.texts)
        named.append(table.named)
    if refused:
        raise InputError("\n".join([*refused, "correct them, or leave such rows out (data.on_bad_rows: drop)"]))
    if None not in named:
        check_classes(mapping, {label for labels in named for label in labels or ()})
    return found
