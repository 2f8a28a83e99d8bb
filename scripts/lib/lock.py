"""The locked packages: the digest that names them, and when they were locked.

Imports the standard library only: the image is labelled with these while it is built.
"""

import re
import sys
from pathlib import Path

from scripts.lib.files import digest

LOCK_FILES = ("programs.txt", "torch.txt")


def lock_digest(envs: Path) -> str:
    """Digest of the packages that the programs are locked to; comments do not count."""
    lines = []
    for name in LOCK_FILES:
        text = (envs / name).read_text(encoding="utf-8")
        lines += [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    return digest(lines)


def locked_on(envs: Path) -> str:
    """The time (UTC, ISO 8601) at which `make lock` wrote the lock; empty if it does not say."""
    text = (envs / LOCK_FILES[0]).read_text(encoding="utf-8")
    found = re.match(r"# Locked (\S+)\n", text)
    return found[1] if found else ""


if __name__ == "__main__":  # the recipe's labels: a name and a value a line
    print("emotion-grid.lock", lock_digest(Path(sys.argv[1])))
    print("emotion-grid.locked", locked_on(Path(sys.argv[1])))
