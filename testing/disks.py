"""Disks of their own for a folder, for tests that run as root."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """Mount something over a folder for a while."""
    subprocess.run(["mount", *options, str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A new folder on a disk of its own.

    Args:
        size: of the disk, as `mount` takes it: 8m, 40k.
    """
    folder.mkdir()
    with mounted(folder, "-t", "tmpfs", "-o", f"size={size}", "none"):
        yield folder


def leave_room(disk: Path, size: int) -> None:
    """Fill a disk but for `size` bytes, in the place of what filled it before."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    filler.write_bytes(bytes(max(0, shutil.disk_usage(disk).free - size)))
