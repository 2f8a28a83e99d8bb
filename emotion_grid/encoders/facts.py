"""What is recorded of a fetched encoder, and which steps it is unfit for."""

from pathlib import Path
from typing import Any

from emotion_grid.base.integrity import read_record
from emotion_grid.base.layout import FACTS


def read_facts(folder: Path) -> dict[str, Any]:
    """What is recorded of an encoder; empty if nothing is that can be read.

    Args:
        folder: the encoder's folder in the cache.
    """
    return read_record(folder / FACTS)[0]


def why_unexplained(folder: Path) -> str:
    """Why the predictions of an encoder's runs cannot be explained; empty if they can, or if nothing is recorded that can be read.

    Args:
        folder: the encoder's folder in the cache.
    """
    facts = read_facts(folder)
    if facts.get("offsets", True):
        return ""
    return (
        f"the tokenizer of its encoder ({facts['tokenizer']}) does not give the position of each token in the text (no offsets), "
        "from which the words are taken"
    )
