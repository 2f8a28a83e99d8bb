"""A file's bytes, without the compression of gzip, and its lines as text, one after the other."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from emotion_grid.base.messages import InputError

HEAD = 4096
"""Bytes by which a file's kind is told."""

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Encodings by their byte order marks; UTF-32's begins with UTF-16's and stands before it."""

_BROKEN = (gzip.BadGzipFile, EOFError, zlib.error)
"""What reading a broken compression raises."""


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """A file to read bytes from, without the compression of gzip.

    Raises:
        InputError: the file is not there, or its compression is broken.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected a file with a table, found none")
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        try:
            yield cast(IO[bytes], gzip.GzipFile(fileobj=file)) if packed else file
        except _BROKEN as error:
            raise InputError(
                f"{path}: expected a whole file compressed by gzip, found: {error}; copy it again"
            ) from None


def unpacked(path: Path) -> bytes:
    """All of a file's bytes, without the compression of gzip.

    Raises:
        InputError: as `opened`.
    """
    with opened(path) as file:
        return file.read()


def head_of(path: Path) -> bytes:
    """A file's first bytes, without the compression of gzip.

    Raises:
        InputError: as `opened`.
    """
    with opened(path) as file:
        return file.read(HEAD)


def encoding_of(head: bytes) -> str:
    """The encoding that a file's byte order mark names, or UTF-8."""
    return next((name for mark, name in MARKS.items() if head.startswith(mark)), "utf-8")


def lines_of(path: Path, encoding: str, end: str = "") -> Iterator[str]:
    r"""A file's lines with their ends, without a byte order mark.

    Args:
        end: what ends a line: `\n`, or nothing for all of `\n`, `\r` and `\r\n`.

    Raises:
        InputError: an encoding that Python does not know, a line that is not in it, or as `opened`.
    """
    number = 0
    try:
        with opened(path) as file, io.TextIOWrapper(file, encoding=encoding, newline=end) as text:
            for line in text:
                number += 1
                yield line.removeprefix("\ufeff") if number == 1 else line
    except LookupError:
        raise InputError(f"data.read.encoding: expected an encoding that Python knows, found {encoding}") from None
    except UnicodeDecodeError as error:
        if encoding == "utf-8" and b"\x00" in head_of(path):
            raise InputError(f"{path}: expected a table, found a file that is no text") from None
        place = number + 1 + error.object[: error.start].count(b"\n")  # what is decoded at a time begins in a new line
        raise InputError(
            f"{path}, line {place}: expected {encoding.upper()}, found the byte 0x{error.object[error.start]:02x}; save the file as UTF-8, "
            "or name its encoding (data.read.encoding: cp1252; for a program --encoding cp1252)"
        ) from None
