"""The file that declares the keys of a config, as it is written: the axes are not in it."""

import functools
from typing import Any

from emotion_grid.base.layout import PROJECT
from emotion_grid.base.yaml_files import load_yaml


@functools.cache
def schema_file() -> dict[str, Any]:
    """What the file holds, read once; a copy of it may be changed."""
    content: dict[str, Any] = load_yaml(PROJECT / "config" / "schema.yaml")
    return content
