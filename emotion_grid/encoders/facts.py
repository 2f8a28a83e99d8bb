"""What is found out about an encoder when it is fetched: which steps it is unfit for."""

from pathlib import Path
from typing import Any

from emotion_grid.base.integrity import read_record
from emotion_grid.base.layout import FACTS, FILES
from emotion_grid.base.messages import InputError


def find_facts(folder: Path) -> dict[str, Any]:
    """What the cache records of a fetched encoder: the class of its tokenizer, and whether that gives the position of each token in the text.

    Args:
        folder: the encoder's folder in the cache.

    Raises:
        InputError: transformers cannot load the tokenizer.
    """
    from transformers import AutoTokenizer

    files = folder / FILES
    try:
        tokenizer = AutoTokenizer.from_pretrained(files, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # whatever the tokenizer's own library raises
        raise InputError(
            f"{files}: expected a tokenizer that transformers can load, found {error.__class__.__name__}: "
            f"{(str(error).splitlines() or ['no message'])[0]}; choose another encoder"
        ) from error
    return {"tokenizer": type(tokenizer).__name__, "offsets": bool(tokenizer.is_fast)}


def why_unexplained(folder: Path) -> str:
    """Why the predictions of an encoder's runs cannot be explained; empty if they can, or if nothing is recorded that can be read.

    Args:
        folder: the encoder's folder in the cache.
    """
    facts, _ = read_record(folder / FACTS)
    if facts.get("offsets", True):
        return ""
    return (
        f"the tokenizer of its encoder ({facts['tokenizer']}) does not give the position of each token in the text (no offsets), "
        "from which the words are taken"
    )
