"""The prediction tables under `compare`, checked before anything runs."""

from pathlib import Path
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.data.compared import prediction_tables, read_compared
from emotion_grid.data.predicted import check_ids
from emotion_grid.data.problems import listed
from emotion_grid.data.splits import SPLITS
from emotion_grid.plan.inputs import RAW_SPLITS, ids_of, label_names


def compared_tables(config: dict[str, Any]) -> dict[str, list[str]]:
    """The files of the tables under `compare` of a checked config, each with the splits that it predicts, as far as planning knows.

    Raises:
        InputError: a place without tables, and all tables that cannot be scored.
    """
    tables: dict[str, list[str]] = {}
    refused: list[str] = []
    for name, place in config["compare"].items():
        there = prediction_tables(Path(place).expanduser())
        if not there:
            files = " or ".join(f"{split}.csv" for split in SPLITS)
            raise InputError(
                f"compare.{name}: expected a table, or a folder with {files}, found none of them at {place}"
            )
        for path in dict.fromkeys(there.values()):
            splits = [split for split, table in there.items() if table == path]
            try:
                tables[str(path)] = (
                    _check_all(config, path) if splits == list(SPLITS) else _check(config, splits[0], path)
                )
            except InputError as error:
                refused.append(f"compare.{name}: {error}")
    if refused:
        raise InputError("\n".join(refused))
    return tables


def _check(config: dict[str, Any], split: str, path: Path) -> list[str]:
    """Refuse a table for a split that cannot be scored; which training rows validation has is known when they are drawn."""
    predictions, is_validation = read_compared(path, label_names(config)), split == "validation"
    expected = ids_of(config, "train" if is_validation else split)
    if expected is not None:
        check_ids(predictions.ids, expected, path, is_whole=not is_validation)
    return [split]


def _check_all(config: dict[str, Any], path: Path) -> list[str]:
    """Refuse a table for all splits that cannot be scored; return the splits that it predicts, as far as planning knows their ids."""
    found = read_compared(path, label_names(config)).ids
    ids = {split: ids_of(config, split) for split in RAW_SPLITS if split in config["data"]}
    known = {split: set(own) for split, own in ids.items() if own is not None}
    if known.keys() == ids.keys():
        check_ids(found, [id_ for own in known.values() for id_ in own], path, is_whole=False)
    own = {split: [id_ for id_ in found if id_ in texts] for split, texts in known.items()}
    if several := [id_ for id_ in found if sum(id_ in texts for texts in known.values()) > 1]:
        raise InputError(
            f"{path}, column id: expected ids that one split alone has, found {listed(several)} in several; give a folder with a table for each split"
        )
    for split, expected in ids.items():
        if expected is not None and own[split] and split != "train":
            check_ids(own[split], expected, f"{path}, rows of {split}")
    splits = [split for split in ids if split not in known or own[split]]
    if not {"dev", "test"} & set(splits):
        raise InputError(f"{path}: expected rows of dev or test, found none")
    return ["validation" if split == "train" else split for split in splits]
