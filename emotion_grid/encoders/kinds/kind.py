"""What a kind of source of encoders is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Kind:
    """One kind of source: everything that planning and fetching know of it.

    Attributes:
        prefixes: what `model` in the config starts with.
        identify: from the name of the config's entry and the entry, completed by what the project knows of the encoder and by `cache`
            (the folder of what experiments share), to what identifies the encoder's content in a spec; raises `InputError`.
        fetch: copies the encoder's files into a folder, from the spec with `model` as its `source`; raises `InputError` if the content
            is not the identified one.
        shape: layers and hidden size from `model`, where the source says them; None for what it does not say.
        path: the file or folder on this machine that `model` names; None if the encoder comes from elsewhere.
    """

    prefixes: tuple[str, ...]
    identify: Callable[[str, dict[str, Any]], dict[str, Any]]
    fetch: Callable[[dict[str, Any], Path], None]
    shape: Callable[[str], tuple[int | None, int | None]] = lambda model: (None, None)
    path: Callable[[str], str | None] = lambda model: None
