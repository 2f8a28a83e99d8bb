"""The encoders that the project knows: config/encoders.yaml."""

import functools
from typing import Any

from emotion_grid.base.layout import PROJECT
from emotion_grid.base.yaml_files import load_yaml


@functools.cache
def well_known() -> dict[str, dict[str, Any]]:
    """The encoders that ship with their facts, by model."""
    known: dict[str, dict[str, Any]] = load_yaml(PROJECT / "config" / "encoders.yaml")
    return known
