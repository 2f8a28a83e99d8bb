"""The language models under `language_models`: what decides the questions that they are asked."""

from pathlib import Path
from typing import Any

from emotion_grid.asking.prompt import read_prompt
from emotion_grid.base.messages import InputError


def asked(config: dict[str, Any], labels: list[str]) -> dict[str, dict[str, Any]]:
    """Of each language model of a checked config what its row's spec says of the questions. Where it is reached makes no difference.

    Raises:
        InputError: a prompt that is not there or cannot be used.
    """
    found = {}
    for name, entry in config["language_models"].items():
        try:
            prompt = read_prompt(Path(entry["prompt"]).expanduser(), labels)
        except InputError as error:
            raise InputError(f"language_models.{name}.prompt: {error}") from None
        found[name] = {"prompt": prompt, **{key: entry[key] for key in ("model", "examples", "seed", "parameters")}}
    return found
