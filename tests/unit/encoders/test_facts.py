"""What is recorded of a fetched encoder."""

import pytest

from emotion_grid.base.files import write_json
from emotion_grid.base.messages import InputError
from emotion_grid.encoders.facts import find_facts, why_unexplained
from testing.encoders import write_encoder
from testing.tiny import make_encoder, take_offsets


def recorded(folder) -> str:
    write_json(folder / "facts.json", find_facts(folder))
    return why_unexplained(folder)


def test_a_tokenizer_that_gives_positions_is_fit_for_explanations(tmp_path):
    make_encoder(tmp_path / "files", 1)
    assert why_unexplained(tmp_path) == "", "nothing is known before it is looked at"
    assert recorded(tmp_path) == ""


def test_a_tokenizer_without_positions_is_named_with_the_reason(tmp_path):
    make_encoder(tmp_path / "files", 1)
    take_offsets(tmp_path / "files")
    assert "BertweetTokenizer" in recorded(tmp_path)


def test_a_tokenizer_that_cannot_be_loaded_is_refused_in_one_line(tmp_path):
    write_encoder(tmp_path / "files")
    (tmp_path / "files" / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match="expected a tokenizer that transformers can load, found") as caught:
        find_facts(tmp_path)
    assert "\n" not in str(caught.value)
