"""Raw CSV files as planning reads them: with the standard library alone, since Snakemake's process loads no pandas."""

import csv
import functools
from pathlib import Path

from emotion_grid.base.digests import digest, file_digest


def columns(path: Path) -> list[str]:
    """The columns that a file's header names; whatever else is wrong with the file, the step `prepare` says where."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            return next(csv.reader(file), [])
        except csv.Error:  # no table at all
            return []


@functools.cache
def content_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, computed once for each start."""
    return file_digest(path)


@functools.cache
def texts_digest(path: Path) -> str:
    """Digest of a file's ids and texts, in order, computed once for each start: labels and other columns do not count.

    A file that cannot be read as a table has the digest of its bytes; the step `prepare` says what is wrong with it.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = (row for row in csv.reader(file, strict=True) if row)
        places = [header.index(name) for name in ("id", "text")]
        return digest([[row[place] for place in places] for row in rows])
    except (csv.Error, IndexError, ValueError):  # a UnicodeDecodeError is a ValueError
        return content_digest(path)
