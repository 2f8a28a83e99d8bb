"""Reading a config file before Snakemake does: what it would choke on, or read otherwise than a person."""

import json
from pathlib import Path
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.base.yaml_files import read_utf8, read_yaml

FREE = "x-"
"""The beginning of top-level keys that are free for YAML anchors."""

_PROGRAM = "__use_yte__"
"""The key by which Snakemake's loader (yte) takes a config file for a Python program."""


def check_config_file(path: str | Path) -> None:
    """Check that a config file can be read, and that it says what a person reads in it.

    As in Snakemake, a file is JSON if it can be read as such, and YAML otherwise.

    Raises:
        InputError: a line for each problem, with the line in the file where it is known.
    """
    text = read_utf8(path)
    try:
        values = json.loads(text, object_pairs_hook=lambda pairs: _unique(pairs, path))
    except (ValueError, RecursionError):
        values = read_yaml(text, str(path), free=FREE)
    if not isinstance(values, dict):
        found = "nothing" if values is None else "a list" if isinstance(values, list) else "a single value"
        raise InputError(f"{path}: expected the keys of a study at top level (experiment, data, ...), found {found}")
    if _PROGRAM in values:
        lines = [number for number, line in enumerate(text.splitlines(), 1) if _PROGRAM in line]
        raise InputError(
            f"{path}, line {lines[0] if lines else 1}: expected values only, found {_PROGRAM}, with which Snakemake would run Python code from "
            "the file; remove it and write the values out"
        )


def _unique(pairs: list[tuple[str, Any]], path: str | Path) -> dict[str, Any]:
    """A mapping of a JSON file; JSON itself would silently keep the last value of a key that stands twice."""
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path}: the key {name} stands twice in one mapping; give each a name of its own")
    return dict(pairs)
