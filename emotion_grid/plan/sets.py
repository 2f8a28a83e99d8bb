"""The labels of each data set of a study: a list for all sets may name labels that some sets are not annotated for."""

from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.data.mapping import read_mapping
from emotion_grid.data.problems import listed
from emotion_grid.data.raw import column_names
from emotion_grid.plan.inputs import label_names, raw_files, reading_of


def with_own_labels(name: str, config: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The config of one data set without the labels of which its training file has no column.

    Where a column names classes (`label_column`) all labels stay, and so they do for a file that planning cannot read.

    Args:
        name: the set's.
        config: its checked config, with the labels of all sets.

    Returns:
        The config, and the labels that the set goes without.

    Raises:
        InputError: a set that has none of the labels.
    """
    missing, path = missing_labels(config), raw_files(config)["train"]
    if not missing:
        return config, []
    if len(missing) == len(label_names(config)):
        raise InputError(
            f"data.sets.{name}: expected a column for some of the labels {listed(missing)} in {path}, found none"
        )
    labels = config["data"]["labels"]
    left = [label for label in labels if label not in missing]
    fitted = {label: labels[label] for label in left} if isinstance(labels, dict) else left
    return {**config, "data": {**config["data"], "labels": fitted}}, missing


def missing_labels(config: dict[str, Any]) -> list[str]:
    """The labels of which the training file has no column; none of a file that planning cannot read, or of a column that names classes."""
    path = raw_files(config)["train"]
    if "label_column" in config["data"] or not path.exists():
        return []
    mapping = read_mapping({"labels": label_names(config), "reading": reading_of(config)})
    columns = column_names(path, mapping.form)
    return [] if columns is None else [label for label, names in mapping.labels if not set(names) & set(columns)]
