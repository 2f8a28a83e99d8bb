"""Files of word vectors: every form gives the same words and numbers, and a broken file is refused with its place."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.base.messages import InputError
from emotion_grid.encoders.vector_files import read_vectors, width_of
from testing.vectors import FORMS, VECTORS, glove, word2vec_binary, word2vec_text, write_words

ROWS = list(VECTORS.items())
SPACELESS = ROWS[:4]
"""The rows whose words word2vec's binary form can hold."""


def rows_of(form: str) -> list:
    return SPACELESS if "binary" in form else ROWS


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_words_and_numbers_that_were_written(tmp_path, form, zipped):
    rows = rows_of(form)
    path = write_words(tmp_path / "words", dict(rows), form, zipped)
    words, values = read_vectors(path)
    assert words == [word for word, _ in rows]
    assert values.dtype == np.float32 and values.tolist() == [list(vector) for _, vector in rows]
    assert width_of(path) == 3


FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
WORD = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"]), min_size=1, max_size=8)


@given(st.dictionaries(WORD, st.tuples(FLOATS, FLOATS), min_size=1, max_size=30), st.sampled_from(sorted(FORMS)))
def test_any_words_and_numbers_are_read_as_they_were_written(tmp_path_factory, words, form):
    """Fault: a float whose bytes hold a space or a line break, a word that is a number, a line that only Unicode breaks."""
    path = write_words(tmp_path_factory.getbasetemp() / "any", words, form)
    found, values = read_vectors(path)
    assert found == list(words) and values.tolist() == [list(vector) for vector in words.values()]


def test_a_file_larger_than_what_is_read_at_once_is_read_whole(tmp_path):
    rows = [(f"w{number}", tuple(float(number + place) for place in range(90))) for number in range(4000)]
    words, values = read_vectors(write_words(tmp_path / "words", dict(rows), "word2vec_binary"))
    assert words == [word for word, _ in rows] and values[:, 0].tolist() == list(range(4000))


def test_of_a_word_that_stands_twice_the_first_vector_counts(tmp_path, capsys):
    for name, write in FORMS.items():
        path = tmp_path / name
        path.write_bytes(write([*SPACELESS, ("the", (9.0, 9.0, 9.0)), ("last", (1.0, 2.0, 3.0))]))
        words, values = read_vectors(path)
        assert words == [*(word for word, _ in SPACELESS), "last"]
        assert values[0].tolist() == [0.5, -1.25, 3.0] and values[-1].tolist() == [1, 2, 3]
        assert "1 rows of words that stand there before are left out" in capsys.readouterr().err


def test_a_word_that_is_no_text_costs_no_other(tmp_path):
    content = word2vec_binary(SPACELESS).replace("über".encode(), b"\xfcber")
    (tmp_path / "words").write_bytes(content)
    assert read_vectors(tmp_path / "words")[0] == ["the", "don", "\ufffdber", "!"]


def test_a_begin_that_no_header_promises_is_no_header(tmp_path):
    """Fault: GloVe's file of a number as its first word, taken for a header."""
    (tmp_path / "words").write_bytes(b"7 1.5\n8 2.5\n")
    words, values = read_vectors(tmp_path / "words")
    assert (words, values.tolist()) == (["7", "8"], [[1.5], [2.5]])


TEXT, BINARY = glove(ROWS), word2vec_binary(SPACELESS)
BROKEN = {
    "one number too few": (TEXT.replace(b" -2.0", b""), "line 2: expected a word and 3 numbers, found 'don 0.0 0.125"),
    "one number too many": (TEXT.replace(b"don ", b"don 1.0 "), "line 2: expected a word and 3 numbers"),
    "no number": (TEXT.replace(b"0.125", b"much"), "line 2: expected a word and 3 numbers"),
    "NaN": (TEXT.replace(b"0.125", b"nan"), "expected finite numbers, found others for 'don'"),
    "too large": (TEXT.replace(b"0.125", b"1e60"), "expected finite numbers, found others for 'don'"),
    "behind a header": (word2vec_text(ROWS).replace(b" 0.125", b""), "line 3: expected a word and 3 numbers"),
    "fewer than promised": (word2vec_text(ROWS).replace(b"5 3", b"6 3"), "expected 6 words, .* found 5"),
    "more than promised": (word2vec_text(ROWS).replace(b"5 3", b"4 3"), "expected 4 words, .* found 5"),
    "many more promised": (BINARY.replace(b"4 3", b"999999999999 3"), "expected 999,999,999,999 words, .* found 4"),
    "cut": (BINARY[:-6], "expected whole rows, found part of one behind row 3"),
    "cut behind a row": (BINARY[: BINARY.index(b"!")], "expected 4 words, .* found 3"),
    "another width": (BINARY.replace(b"4 3", b"4 4"), "expected|found"),
    "without spaces": (b"1 3\n" + bytes(20_000), "expected a word behind row 0, found none in 10,000 bytes"),
    "empty": (b"", "expected word vectors, .* found b''"),
    "a table": (b"id,text,joy\n1,a text,0\n", "expected word vectors, .* found b'id,text,joy"),
    "prose": (b"This is no file of word vectors.\n", "expected word vectors"),
    "a wide header": (b"5 999999\n", "expected word vectors"),
    "no words": (b"0 3\n", "expected words, found none"),
}


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize(("content", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_with_its_place(tmp_path, content, said, zipped):
    """Fault: vectors that are shifted against their words, which no later step would notice."""
    path = tmp_path / "words"
    path.write_bytes(gzip.compress(content) if zipped else content)
    with pytest.raises(InputError, match=rf"{path}.*({said})"):
        read_vectors(path)


def test_a_compressed_file_that_is_cut_is_refused(tmp_path):
    """Fault: a download that broke off, read as a file of fewer words."""
    content = gzip.compress(glove([(f"w{number}", (0.1 * number, 2.0)) for number in range(20_000)]))
    for cut in (content[: len(content) // 2], content[:-4], content[:-8] + bytes(8)):
        (tmp_path / "words").write_bytes(cut)
        with pytest.raises(InputError, match="expected a file that gzip wrote whole"):
            read_vectors(tmp_path / "words")
