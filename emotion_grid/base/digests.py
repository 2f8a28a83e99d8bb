"""Digests that name folders: SHA-256 of canonical JSON and of files. Imports the standard library only."""

import hashlib
import json
from pathlib import Path
from typing import Any

SHORT = 8
"""Characters of a digest that stand in a folder's name."""


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text, whatever their order."""
    return _ENCODER.encode(value)


def digest(value: Any) -> str:
    """SHA-256 (64 hexadecimal characters) of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def file_digest(path: str | Path) -> str:
    """SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
