"""Raw files as planning reads them: with the standard library alone, since Snakemake's process loads no pandas."""

import functools
from dataclasses import dataclass
from pathlib import Path

from emotion_grid.base.digests import digest, file_digest
from emotion_grid.data.forms import Form, kind, read_text
from emotion_grid.data.mapping import Mapping
from emotion_grid.data.problems import explain
from emotion_grid.data.texts import Mapped, map_table


def bytes_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, or of all files of a folder."""
    if path.is_file():
        return file_digest(path)
    return digest({file.relative_to(path).as_posix(): file_digest(file) for file in _files(path)})


@functools.cache
def content_digest(path: Path) -> str:
    """The digest of a file's or folder's bytes, computed once for each start."""
    return bytes_digest(path)


def content_bytes(path: Path) -> int:
    """Size of a file, or of all files of a folder, in bytes."""
    return sum(file.stat().st_size for file in _files(path))


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


@dataclass(frozen=True)
class RawTable:
    """What planning knows of a raw file.

    Attributes:
        texts: digest of its ids and texts, in order, as they are mapped: labels and other columns do not count. Parquet, Excel and folders
            of `datasets`, which planning cannot read, have the digest of their bytes.
        labelled: rows that are annotated for the first label; None for what planning cannot read.
        problems: why rows cannot be used, in words; empty if all can.
        ids: of the texts; None for what planning cannot read.
        named: the labels that some text has; None for what planning cannot read.
    """

    texts: str
    labelled: int | None = None
    problems: str = ""
    ids: list[str] | None = None
    named: frozenset[str] | None = None


def texts_digest(path: Path, mapped: Mapped) -> str:
    """The digest that stands for a raw file's texts.

    Args:
        mapped: the texts of the file.
    """
    return digest(mapped.keys()) if kind(path) == "text" else content_digest(path)


def column_names(path: Path, form: Form) -> list[str] | None:
    """The columns of a raw file; None for what planning cannot read.

    Raises:
        InputError: a file that is no table.
    """
    return read_text(path, form).columns if kind(path) == "text" else None


@functools.cache
def raw_table(path: Path, mapping: Mapping, gold: bool) -> RawTable:
    """A raw file, read once for each start.

    Args:
        gold: whether the file must be labelled.

    Raises:
        InputError: a file that is no table, lacks a column or has no rows.
    """
    if kind(path) != "text":
        return RawTable(content_digest(path))
    table = read_text(path, mapping.form)
    mapped = map_table(table, mapping, path, gold)
    labelled = sum(values[:1] not in ([], [None]) for values in mapped.values)
    named = [label for place, label in enumerate(mapping.names) if any(values[place] == 1 for values in mapped.values)]
    problems = explain(path, mapped.problems) if mapped.problems else ""
    return RawTable(texts_digest(path, mapped), labelled, problems, mapped.ids, frozenset(named))
