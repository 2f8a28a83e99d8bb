"""The locked packages: the digest that names them, and when they were locked.

Imports the standard library only: the image is labelled with these while it is built.
"""

import re
import sys
from pathlib import Path

from emotion_grid.base.digests import digest

LOCK_FILES = ("programs.txt", "torch.txt")
"""What decides a run's predictions."""

IMAGE_FILES = (*LOCK_FILES, "explain.txt")
"""What the image holds."""


def requirements_digest(envs: Path, files: tuple[str, ...] = LOCK_FILES) -> str:
    """Digest of locked packages; comments do not count."""
    lines = []
    for name in files:
        text = (envs / name).read_text(encoding="utf-8")
        lines += [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    return digest(lines)


def image_digest(envs: Path) -> str:
    """Digest of the locked packages that the image holds."""
    return requirements_digest(envs, IMAGE_FILES)


def locked_on(envs: Path) -> str:
    """The time (UTC, ISO 8601) at which `make lock` wrote the lock; empty if it does not say."""
    text = (envs / LOCK_FILES[0]).read_text(encoding="utf-8")
    found = re.match(r"# Locked (\S+)\n", text)
    return found[1] if found else ""


if __name__ == "__main__":  # the recipe's labels: a name and a value a line
    print("emotion-grid.lock", image_digest(Path(sys.argv[1])))
    print("emotion-grid.locked", locked_on(Path(sys.argv[1])))
