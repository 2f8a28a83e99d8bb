"""The encoders that the project knows: config/encoders.yaml."""

import difflib
import functools
from typing import Any

from emotion_grid.base.layout import PROJECT
from emotion_grid.base.yaml_files import load_yaml


@functools.cache
def well_known() -> dict[str, dict[str, Any]]:
    """The encoders that ship with their facts, by model."""
    known: dict[str, dict[str, Any]] = load_yaml(PROJECT / "config" / "encoders.yaml")
    return known


def advice(model: str) -> str:
    """What to say of a model that is not known: the known one that is written almost like it; empty if there is none."""
    close = difflib.get_close_matches(model, well_known(), n=1, cutoff=0.8)
    return f" (did you mean {close[0]}?)" if close else ""
