"""Where Snakemake is started, and by which Python: what a rule would stumble over later is refused at once."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from shlex import quote
from typing import Any

from emotion_grid.base.layout import PROJECT
from emotion_grid.base.messages import InputError
from emotion_grid.workflow.errors import plain_refusals

RECORDS = 65_536
"""Bytes that Snakemake's records of a small start take."""


def check_place(workflow: Any) -> None:
    """Check the folder and the Python of a start, and let the rules' `python` be this one.

    Raises:
        SystemExit: a start outside the checkout, a checkout whose path cannot be used or in which nothing can be written, or no program
            named python.
    """
    with plain_refusals():
        if workflow.is_main_process:
            _check_folder(Path.cwd(), on_slurm=workflow.executor_plugin is not None and not workflow.local_exec)
            if workflow.executor_plugin is not None and not workflow.dryrun:
                _check_records(Path.cwd())
        _use_this_python()


def _check_folder(folder: Path, on_slurm: bool) -> None:
    """Refuse a start outside the checkout, and a checkout whose path Snakemake or Slurm cannot be given.

    Raises:
        InputError: with what to type, or with the character.
    """
    if folder != PROJECT:
        raise InputError(
            f"{folder}: expected a start in the checkout ({PROJECT}), where the rules find their programs, found one in another folder; add "
            f"--directory {quote(str(PROJECT))} (results_root, cache_root and data_root in the config say where results and data lie)"
        )
    if not str(folder).isprintable():
        raise InputError(
            f"{str(folder)!r}: expected a checkout in a path of visible characters, found a line break or another hidden one, which "
            "splits lines of logs and lists; move the checkout"
        )
    if on_slurm and (found := set(str(folder)) & set("%\\")):
        raise InputError(
            f"{folder}: expected a checkout in a path without % and backslash (sbatch reads them in the names of logs as placeholders), found "
            f"{min(found)}; move the checkout"
        )


def _check_records(folder: Path) -> None:
    """Refuse a checkout in which Snakemake could not keep its records: it ends in a traceback.

    Raises:
        InputError: with what the system says; with a quota or a disk without room, too.
    """
    records = folder / ".snakemake"
    try:
        with tempfile.TemporaryFile(dir=records if records.is_dir() else folder) as file:
            file.write(bytes(RECORDS))
    except OSError as error:
        raise InputError(
            f"{records}: expected a folder in which Snakemake can keep its records, found: {error.strerror}; make room or get permission, or "
            "move the checkout"
        ) from error


def _use_this_python() -> None:
    """Put the folder of the Python that runs Snakemake before all others on PATH, as activating its environment does.

    Raises:
        InputError: there is no program named `python` in it.
    """
    folder = Path(sys.executable).parent
    if not (folder / "python").exists():
        raise InputError(
            f"{folder}: expected a program named python beside the one that runs Snakemake, since the rules call it, found none; make setup, "
            "then start .venv/bin/snakemake"
        )
    found = shutil.which("python")
    if found is None or Path(found).parent != folder:
        os.environ["PATH"] = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PATH")])])
