"""Members of a team on one machine, for tests that run as root."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GROUP, STRANGERS = 12000, 12999
"""Ids of the team's group, and of one that is not in it."""


def can_be_played() -> bool:
    """Whether this process may become other users."""
    return os.geteuid() == 0 and shutil.which("setpriv") is not None


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that other users can enter; those of pytest are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="emotion-grid-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def as_member(uid: int, *command: str, umask: str = "022") -> list[str]:
    """A command as an ordinary user of the team.

    The user's own group is another one. They may read everything, so that Python is found wherever it lies, and write only what is theirs.
    """
    rights = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", f"--groups={GROUP}", *rights, "--", *command]
    return ["sh", "-c", f'umask {umask} && exec "$@"', "sh", *become]


def own(folder: Path, uid: int) -> None:
    """Give a folder and all in it to a member."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)


def share(folder: Path) -> Path:
    """A new folder that the team's group may write to, and that hands its group on."""
    folder.mkdir()
    os.chown(folder, -1, GROUP)
    folder.chmod(0o2775)
    return folder
