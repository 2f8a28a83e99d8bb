"""The prediction tables under `compare`, checked before anything runs."""

from pathlib import Path
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.data.predicted import check_ids, read_probabilities
from emotion_grid.data.splits import SPLITS
from emotion_grid.plan.inputs import ids_of, label_names


def compared_tables(config: dict[str, Any]) -> list[str]:
    """The files of the tables under `compare` of a checked config.

    Raises:
        InputError: a folder without tables, and all tables that cannot be scored.
    """
    tables: list[str] = []
    refused: list[str] = []
    for name, folder in config["compare"].items():
        there = {split: Path(folder).expanduser() / f"{split}.csv" for split in SPLITS}
        there = {split: path for split, path in there.items() if path.is_file()}
        if not there:
            files = " or ".join(f"{split}.csv" for split in SPLITS)
            raise InputError(f"compare.{name}: expected a folder with {files}, found none of them in {folder}")
        for split, path in there.items():
            try:
                _check(config, split, path)
            except InputError as error:
                refused.append(f"compare.{name}: {error}")
        tables += map(str, there.values())
    if refused:
        raise InputError("\n".join(refused))
    return tables


def _check(config: dict[str, Any], split: str, path: Path) -> None:
    """Refuse a table that cannot be scored; which training rows validation has is known when they are drawn."""
    predictions, is_validation = read_probabilities(path, label_names(config)), split == "validation"
    expected = ids_of(config, "train" if is_validation else split)
    if expected is not None:
        check_ids(predictions.ids, expected, path, is_whole=not is_validation)
