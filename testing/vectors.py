"""Files of word vectors in every form that is read."""

import gzip
import struct
from pathlib import Path

VECTORS = {
    "the": (0.5, -1.25, 3.0),
    "don": (0.0, 0.125, -2.0),
    "über": (1.5, 1.5, 1.5),
    "!": (-0.75, 8.0, 0.25),
    "at name@domain.com": (4.0, 4.5, -4.0),
}
"""Numbers that text and floats of four bytes hold exactly; a word with a space, as GloVe has it."""

Rows = list[tuple[str, tuple[float, ...]]]


def glove(rows: Rows) -> bytes:
    """GloVe's text form: no header."""
    return "".join(f"{word} {' '.join(map(repr, vector))}\n" for word, vector in rows).encode()


def header(rows: Rows) -> bytes:
    """The first line of word2vec's forms."""
    return f"{len(rows)} {len(rows[0][1])}\n".encode()


def word2vec_text(rows: Rows) -> bytes:
    """word2vec's text form, whose lines end in a space."""
    return header(rows) + glove(rows).replace(b"\n", b" \n")


def word2vec_binary(rows: Rows, end: bytes = b"\n") -> bytes:
    """word2vec's binary form.

    Args:
        end: what stands behind a row: the makers' program writes a line break, gensim nothing.
    """
    floats = [word.encode() + b" " + struct.pack(f"<{len(vector)}f", *vector) + end for word, vector in rows]
    return header(rows) + b"".join(floats)


def gensim_binary(rows: Rows) -> bytes:
    """word2vec's binary form as gensim writes it."""
    return word2vec_binary(rows, b"")


FORMS = {form.__name__: form for form in (glove, word2vec_text, word2vec_binary, gensim_binary)}


def write_words(path: Path, words: dict[str, tuple[float, ...]], form: str = "glove", zipped: bool = False) -> Path:
    """Write a file of word vectors."""
    content = FORMS[form](list(words.items()))
    path.write_bytes(gzip.compress(content) if zipped else content)
    return path
