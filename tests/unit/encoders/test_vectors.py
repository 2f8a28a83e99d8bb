"""Word vectors as an encoder: which row a word gets, how texts are split, and what is fetched."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from emotion_grid.base.digests import digest, file_digest
from emotion_grid.base.messages import InputError
from emotion_grid.encoders.examining import find_facts
from emotion_grid.encoders.fetching import fetch
from emotion_grid.encoders.sources import encoder_key, local_path, source
from emotion_grid.encoders.vectors import FORM, make_tokenizer, write_vectors
from emotion_grid.model.tokenizer import load_tokenizer
from testing.vectors import VECTORS, write_words

SMALL = ["the", "don", "do", "n't", "'s", "she", "...", "!", "münchen", "’"]
CAPITAL = ["The", "the", "don't", "She", "she's", "..."]


def tokens(words: list[str], text: str) -> list[str]:
    return make_tokenizer(words).encode(text).tokens


@pytest.mark.parametrize(
    ("words", "text", "split"),
    [
        (SMALL, "THE she!!", ["the", "she", "!", "!"]),
        (SMALL, "Don't, she's…", ["do", "n't", "<unk>", "she", "'s", "<unk>"]),
        (SMALL, "don\N{RIGHT SINGLE QUOTATION MARK}t\n\tMÜNCHEN....", ["do", "n't", "münchen", "<unk>"]),
        (SMALL, "the...the", ["the", "...", "the"]),
        (CAPITAL, "The the THE", ["The", "the", "<unk>"]),
        (CAPITAL, "don't She's", ["don't", "<unk>"]),
        (CAPITAL, "she's 😀😀", ["she's", "<unk>", "<unk>"]),
    ],
)
def test_texts_are_split_as_the_file_s_words_tell(words, text, split):
    """Fault: `don't` as one unknown word, or `The` without the vector that the file has for it."""
    assert tokens(words, text) == split


@given(st.text(min_size=1).filter(lambda text: bool(text.strip())))
def test_of_every_text_a_token_is_left_and_each_says_where_it_stands(text):
    """Fault: a text of emoji alone ends a study, and an explanation shows another word than the text has."""
    found = make_tokenizer(SMALL).encode(text)
    assert found.tokens
    places = [place for span in found.offsets for place in range(*span)]
    assert places == sorted(set(places)) and all(not text[place].isspace() for place in places)
    assert all(character.isspace() for place, character in enumerate(text) if place not in set(places))


def written(folder, words) -> tuple[np.ndarray, dict[str, int]]:
    """The table that is written, and the row of each token."""
    folder.mkdir()
    write_vectors(list(words), np.array(list(words.values()), dtype=np.float32), folder)
    return load_file(folder / "model.safetensors")["words.weight"], load_tokenizer(folder).get_vocab()


def test_every_word_has_its_row_and_an_unknown_one_the_mean(tmp_path):
    table, rows = written(tmp_path / "plain", VECTORS)
    assert table.shape == (7, 3)
    assert all(table[rows[word]].tolist() == list(vector) for word, vector in VECTORS.items())
    assert table[rows["<pad>"]].tolist() == [0, 0, 0]
    assert table[rows["<unk>"]] == pytest.approx(np.mean(list(VECTORS.values()), axis=0))


def test_a_file_s_own_vector_for_unknown_words_is_taken(tmp_path):
    """Fault: a word named as padding takes its row, and all words behind it their neighbour's."""
    table, rows = written(tmp_path / "own", {"<pad>": (7.0, 7.0, 7.0), "<unk>": (1.0, 2.0, 3.0), **VECTORS})
    assert table.shape == (7, 3) and sorted(rows.values()) == list(range(7))
    assert table[rows["<unk>"]].tolist() == [1, 2, 3] and table[rows["<pad>"]].tolist() == [0, 0, 0]
    assert all(table[rows[word]].tolist() == list(vector) for word, vector in VECTORS.items())


def test_a_text_that_names_padding_is_no_padding(tmp_path):
    """Fault: a hostile text whose words are masked out."""
    written(tmp_path / "words", VECTORS)
    found = load_tokenizer(tmp_path / "words")(["<pad> the <unk>"])
    assert found["attention_mask"] == [[1] * len(found["input_ids"][0])] and len(found["input_ids"][0]) >= 3


def test_what_word_vectors_become_has_the_number_that_stands_in_specs(tmp_path):
    """If this fails, word vectors now become another encoder: raise FORM, so that runs get new names, and take the new digest over."""
    table, _ = written(tmp_path / "words", {word: (1.0, -number / 8) for number, word in enumerate(SMALL)})
    texts = ["Don't! She's in MÜNCHEN…", "so much_joy 3.5 😀", "l\N{RIGHT SINGLE QUOTATION MARK}été"]
    found = [tokens(words, text) for words in (SMALL, CAPITAL) for text in texts]
    assert (FORM, digest([table.tolist(), found])[:16]) == (1, "bb5e41b48d2c169e")


def planned(entry) -> dict:
    """The spec as the plan writes it."""
    found = source("words", entry)
    return {**found.spec, "source": found.model}


def test_a_file_is_known_by_its_content_and_fetched_as_an_encoder_of_no_layers(tmp_path):
    one = write_words(tmp_path / "one.txt", VECTORS)
    two = write_words(tmp_path / "two", VECTORS)
    spec = planned({"model": f"vectors:{one}"})
    assert (spec["layers"], spec["hidden_size"], spec["file"], spec["form"]) == (0, 3, file_digest(one), FORM)
    assert encoder_key(source("a", {"model": f"vectors:{one}"}).spec) == encoder_key(
        source("b", {"model": f"vectors:{two}"}).spec
    )
    assert local_path(f"vectors:{one}") == one
    files = fetch(spec, tmp_path / "out")
    assert set(files) == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    facts = find_facts(tmp_path / "out", spec)
    assert (facts["parameters"], facts["vocabulary"], facts["offsets"], facts["positions"]) == (21, 7, True, None)
    assert facts["lora"] == {"targets": [], "linear": []}


def test_a_file_at_home_is_written_out_for_jobs(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write_words(tmp_path / "one.txt", VECTORS)
    assert source("words", {"model": "vectors:~/one.txt"}).model == f"vectors:{tmp_path}/one.txt"


def test_what_is_not_the_planned_file_is_refused(tmp_path):
    path = write_words(tmp_path / "one.txt", VECTORS)
    model = f"vectors:{path}"
    with pytest.raises(InputError, match=rf"encoders\.words\.sha256: expected {'0' * 64}, found {file_digest(path)}"):
        source("words", {"model": model, "sha256": "0" * 64})
    assert planned({"model": model, "sha256": file_digest(path)}) == planned({"model": model})
    with pytest.raises(InputError, match=r"expected layers 2 \(as planned\), found 0"):
        fetch(planned({"model": model, "layers": 2}), tmp_path / "out")
    spec = planned({"model": model})
    write_words(path, {**VECTORS, "more": (1.0, 1.0, 1.0)})
    with pytest.raises(InputError, match="changed since this start was planned"):
        fetch(spec, tmp_path / "out")
    path.unlink()
    with pytest.raises(
        InputError, match=rf"encoders\.words\.model: expected a file of word vectors, found none at {path}"
    ):
        source("words", {"model": model})
    assert not (tmp_path / "out" / "files").exists()
