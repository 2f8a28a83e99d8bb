"""Files of word vectors, as GloVe and word2vec write them: a word and its numbers in a row, as text or, behind a header, as floats.

The three forms are told apart by what is in a file, whatever its name, and so is whether gzip compressed it.
"""

import gzip
import re
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from emotion_grid.base.messages import InputError, log

if TYPE_CHECKING:
    import numpy as np

HEADER = re.compile(rb"(\d{1,12}) (\d{1,6})[ \t\r]*\n")
"""The first line of word2vec's forms: how many words, and how many numbers each."""

WIDEST = 100_000
"""Numbers of a vector, at most."""

LONGEST_WORD = 10_000
"""Bytes of a word, at most: behind more, no vector begins."""

LONGEST_LINE = LONGEST_WORD + 32 * WIDEST
"""Bytes of a line, at most."""

ENDS_IN_NUMBER = re.compile(rb".* [-+]?[\d.]+(e[-+]?\d+)?", re.DOTALL | re.IGNORECASE)
"""A word that took a number in: its row has more of them than the first one. GloVe's words from web pages hold spaces, but none before a number."""

CHUNK = 1 << 20
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Head:
    """What the begin of a file says of it.

    Attributes:
        width: numbers of a vector.
        count: how many words the header promises; None without a header.
        start: where the first row begins, in bytes.
        is_binary: whether the numbers are floats of four bytes.
    """

    width: int
    count: int | None
    start: int
    is_binary: bool


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A file, uncompressed.

    Raises:
        InputError: a file that gzip cannot read to its end.
    """
    with path.open("rb") as file:
        compressed = file.read(len(GZIP)) == GZIP
    try:
        with gzip.open(path) if compressed else path.open("rb") as file:
            yield file  # type: ignore[misc]  # a GzipFile reads like any binary file
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: expected a file that gzip wrote whole, found: {error}; fetch it again") from error


def width_of(path: Path) -> int:
    """How many numbers the vectors of a file have; only its begin is read.

    Raises:
        InputError: a file that holds no word vectors.
    """
    with _opened(path) as file:
        return _head(path, file).width


def read_vectors(path: Path) -> "tuple[list[str], np.ndarray]":
    """The words of a file in its order, and their vectors, (words, width).

    Of a word that stands there more than once, the first vector counts, as gensim has it; what is no UTF-8 in a word becomes U+FFFD.

    Raises:
        InputError: a row that does not fit, a number that is not finite, or another number of rows than the header promises.
    """
    import numpy as np

    words: dict[str, None] = {}
    values, rows = array("f"), 0
    with _opened(path) as file:
        head = _head(path, file)
        file.seek(head.start)
        for word, vector in _rows(path, file, head):
            rows += 1
            name = word.decode(errors="replace")
            if name not in words:
                words[name] = None
                values.extend(vector)
    if head.count is not None and rows != head.count:
        raise InputError(
            f"{path}: expected {head.count:,} words, as its first line says, found {rows:,}; fetch it again"
        )
    if not words:
        raise InputError(f"{path}: expected words, found none")
    table = np.frombuffer(values, dtype=np.float32).reshape(len(words), head.width)
    _expect_finite(str(path), list(words), table)
    if rows > len(words):
        log(f"{path}: {rows - len(words):,} rows of words that stand there before are left out")
    return list(words), table


def read_arrays(folder: Path, name: str) -> "tuple[list[str], np.ndarray]":
    """The words and vectors, (words, width), of a package that has the words in a Parquet file and the vectors in one of NumPy.

    Args:
        folder: where the package is unpacked.
        name: of the package, for messages.

    Raises:
        InputError: not one such pair, or files that do not fit each other.
    """
    import numpy as np
    from pyarrow import ArrowInvalid
    from pyarrow.parquet import read_table

    tables, arrays = (sorted(folder.rglob(pattern)) for pattern in ("*.parquet", "*.npy"))
    if len(tables) != 1 or len(arrays) != 1:
        raise InputError(
            f"{name}: expected word vectors (layers: 0), the words in a Parquet file and their vectors in one of NumPy, found {len(tables)} and "
            f"{len(arrays)} of them in the package"
        )
    try:
        values = np.load(arrays[0], allow_pickle=False)
        words = read_table(tables[0]).column(0).to_pylist()
    except (ArrowInvalid, ValueError, IndexError) as error:
        raise InputError(f"{name}: expected word vectors, found files that cannot be read: {error}") from error
    if values.shape[:1] != (len(words),) or values.ndim != 2 or values.dtype.kind != "f" or not _are_words(words):
        raise InputError(
            f"{name}: expected one word and one vector in each row, found {len(words):,} words and numbers of shape "
            f"{values.shape}; words are texts, each there once"
        )
    values = values.astype(np.float32, copy=False)
    _expect_finite(name, words, values)
    return words, values


def _are_words(words: list[Any]) -> bool:
    """Whether all are texts, none of them twice."""
    return all(isinstance(word, str) for word in words) and len(set(words)) == len(words)


def _expect_finite(name: str, words: list[str], values: "np.ndarray") -> None:
    import numpy as np

    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise InputError(f"{name}: expected finite numbers, found others for {words[finite.argmin()]!r}")


def _head(path: Path, file: BinaryIO) -> Head:
    """What the begin of an opened file says."""
    line = file.readline(LONGEST_LINE)
    if header := HEADER.fullmatch(line):
        count, width = int(header[1]), int(header[2])
        first = file.readline(LONGEST_LINE)
        # A byte of a float may be that of a line break: such a line ends behind the word.
        is_binary = not _is_text(first) or len(first.split()) == 1
        head = Head(width, count, len(line), is_binary)
    else:
        head = Head(len(_numbers(line)), None, 0, False)
    if not 0 < head.width <= WIDEST:
        raise InputError(
            f"{path}: expected word vectors, a word and its numbers in each line or, behind a header, in word2vec's binary form, found "
            f"{line[:40]!r}"
        )
    return head


def _numbers(line: bytes) -> list[float]:
    """The numbers behind the first word of a line; none if something else stands there."""
    try:
        return [float(number) for number in line.split()[1:]]
    except ValueError:
        return []


def _is_text(line: bytes) -> bool:
    """Whether a line can be one of text; floats in binary form are none."""
    try:
        return not re.search(r"[\x00-\x08\x0e-\x1f]", line.decode())
    except UnicodeDecodeError:
        return False


def _rows(path: Path, file: BinaryIO, head: Head) -> "Iterator[tuple[bytes, array[float]]]":
    """Word and vector of each row."""
    if head.is_binary:
        yield from _binary_rows(path, file, head.width)
        return
    lines = iter(lambda: file.readline(LONGEST_LINE), b"")
    for number, line in enumerate(lines, 1 if head.count is None else 2):
        if not line.strip():
            continue
        word, *numbers = line.rstrip(b" \t\r\n").replace(b"\t", b" ").rsplit(b" ", head.width)
        try:
            if len(numbers) != head.width or ENDS_IN_NUMBER.fullmatch(word):
                raise ValueError
            yield word, array("f", map(float, numbers))
        except ValueError:
            raise InputError(
                f"{path}, line {number}: expected a word and {head.width} numbers, found {line[:60].decode(errors='replace')!r}"
            ) from None


def _binary_rows(path: Path, file: BinaryIO, width: int) -> "Iterator[tuple[bytes, array[float]]]":
    """Word and vector of each row of word2vec's binary form: a word, a space, floats of four bytes, and from some writers a line break."""
    size, buffer, rows = 4 * width, b"", 0
    while chunk := file.read(CHUNK):
        buffer, start = buffer + chunk, 0
        while (end := buffer.find(b" ", start)) >= 0 and end + 1 + size <= len(buffer):
            rows += 1
            yield buffer[start:end].lstrip(b"\n"), array("f", buffer[end + 1 : end + 1 + size])
            start = end + 1 + size
        buffer = buffer[start:]
        if b" " not in buffer[:LONGEST_WORD] and len(buffer) > LONGEST_WORD:
            raise InputError(f"{path}: expected a word behind row {rows:,}, found none in {LONGEST_WORD:,} bytes")
    if buffer.strip(b"\n"):
        raise InputError(f"{path}: expected whole rows, found part of one behind row {rows:,}; fetch it again")
