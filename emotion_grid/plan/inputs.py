"""The raw files of a study."""

import csv
from pathlib import Path
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.data.raw import columns

RAW_SPLITS = ("train", "dev", "test")
"""The splits that a config names files for."""


def raw_files(config: dict[str, Any]) -> dict[str, Path]:
    """The raw file of each split that a config names, there or not."""
    root = Path(config.get("data_root", ".")).expanduser()
    data = config.get("data", {})
    return {split: root / data[split] for split in RAW_SPLITS if split in data}


def raw_bytes(config: dict[str, Any], *splits: str) -> int:
    """Size of the raw files of some splits, in bytes."""
    files = raw_files(config)
    return sum(files[split].stat().st_size for split in splits if split in files and files[split].is_file())


def raw_rows(config: dict[str, Any]) -> int:
    """Lines of all raw files: as many as rows, unless texts hold line breaks."""
    lines = 0
    for path in raw_files(config).values():
        if path.is_file():
            with path.open("rb") as file:
                lines += sum(1 for _ in file)
    return lines


def labelled_rows(path: Path, label: str) -> int:
    """Rows of a file whose cell of a label is not empty; 0 where it has no such column or is no table."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return sum(bool((row.get(label) or "").strip()) for row in csv.DictReader(file, strict=True))
    except (csv.Error, ValueError):  # a UnicodeDecodeError is a ValueError
        return 0


def checked_files(config: dict[str, Any]) -> dict[str, Path]:
    """The raw file of each split that a study has.

    Raises:
        InputError: a file that is not there or lacks a column.
    """
    files = raw_files(config)
    for split, path in files.items():
        if not path.is_file():
            raise InputError(
                f"data.{split}: expected a CSV file, found nothing at {path} (data_root is {config['data_root']})"
            )
        labels, there = config["data"]["labels"], columns(path)
        missing = [name for name in ("id", "text", *labels) if name not in there]
        if missing and (split == "train" or missing != labels):  # dev and test may have no labels at all
            found = ", ".join(there) or "nothing"
            raise InputError(f"data.{split}: expected the column {missing[0]} in {path}, found {found}")
    return files
