"""The raw files of a study."""

import csv
import functools
from pathlib import Path

from emotion_grid.base.digests import file_digest
from emotion_grid.base.messages import InputError


def data_files(config: dict) -> dict[str, Path]:
    """The CSV file of each split that a study has.

    Raises:
        InputError: a file that is not there or lacks a column.
    """
    root = Path(config["data_root"]).expanduser()
    files = {split: root / config["data"][split] for split in ("train", "dev", "test") if split in config["data"]}
    for split, path in files.items():
        if not path.is_file():
            raise InputError(
                f"data.{split}: expected a CSV file, found nothing at {path} (data_root is {config['data_root']})"
            )
        labels, columns = config["data"]["labels"], _columns(path)
        missing = [name for name in ("id", "text", *labels) if name not in columns]
        if missing and (split == "train" or missing != labels):  # dev and test may have no labels at all
            found = ", ".join(columns) or "nothing"
            raise InputError(f"data.{split}: expected the column {missing[0]} in {path}, found {found}")
    return files


def _columns(path: Path) -> list[str]:
    """The columns that a CSV file's header names; whatever else is wrong with the file, the step `prepare` says where."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            return next(csv.reader(file), [])
        except csv.Error:  # no table at all
            return []


@functools.cache
def content_digest(path: Path) -> str:
    """SHA-256 of a raw file, read once for each start."""
    return file_digest(path)
