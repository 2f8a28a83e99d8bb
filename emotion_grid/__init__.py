"""Fine-tune a declared grid of text encoders for multi-label emotion detection, one sub-package a subject.

For a notebook: `from emotion_grid import EmotionClassifier, load_predictions, load_results`. They are imported when they are asked for, so
that Snakemake's process loads neither torch nor pandas.
"""

import csv
import importlib
from typing import Any

csv.field_size_limit(
    2**31 - 1
)  # texts of any length, in every process: the module's default ends at 131,072 characters

_NAMES = {
    "EmotionClassifier": "emotion_grid.model.classifier",
    "load_predictions": "emotion_grid.evaluation.notebook",
    "load_results": "emotion_grid.evaluation.notebook",
}

__all__ = ["EmotionClassifier", "load_predictions", "load_results"]


def __getattr__(name: str) -> Any:
    """Import a public name from the module that holds it."""
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_NAMES[name]), name)
