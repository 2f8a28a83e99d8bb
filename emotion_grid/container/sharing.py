"""Publishing the image for a team."""

import grp
import os
import stat
import subprocess
from pathlib import Path

from emotion_grid.base.messages import InputError, log
from emotion_grid.container.image import Image, publish, runtime

GROUP_MAY_READ = 0o050
"""What must not be masked out of what is published."""


def check_group(folder: Path) -> None:
    """Refuse a folder that the members of its group cannot reach.

    Raises:
        InputError: with the place that is closed to them.
    """
    for place in (folder, *folder.parents):
        mode = place.stat().st_mode
        if not mode & (stat.S_IXGRP | stat.S_IXOTH):
            number = place.stat().st_gid
            try:
                group = grp.getgrgid(number).gr_name
            except KeyError:
                group = str(number)
            raise InputError(
                f"{place}: expected a folder that its group ({group}) can enter, found {stat.filemode(mode)}; "
                f"chmod g+rx {place}, or choose another folder"
            )


def share_folder(image: Image, folder: Path) -> None:
    """Publish into a folder, readable by its group."""
    os.umask(os.umask(0) & ~GROUP_MAY_READ)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: expected a folder to write to, found none ({error.strerror})") from error
    check_group(folder.resolve())
    before = {path.name for path in folder.glob("emotion-grid-*.sif")}
    shared = publish(image.file, folder, image.labels)
    log(f"{shared.file}, {shared.file.stat().st_size / 1e6:,.0f} MB; members set container: {folder.resolve()}")
    if older := sorted(before - {shared.file.name}):
        log(f"older images there, to be removed when no grid runs in them: {', '.join(older)}")


def share_registry(image: Image, address: str) -> None:
    """Push to a registry, whose own checksums guard it.

    Raises:
        InputError: the registry did not take it.
    """
    if not runtime():
        raise InputError("expected apptainer on this machine to reach a registry, found none")
    if subprocess.run(["apptainer", "push", str(image.file), address]).returncode:
        raise InputError(
            f"{address}: the registry did not take the image (apptainer's words stand above); may you write there? "
            "apptainer registry login --help"
        )
    log(f"members set container: {address}")
