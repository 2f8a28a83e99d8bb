"""What is found out about a fetched encoder, and recorded."""

import pytest
from safetensors.torch import load_file, save_file

from emotion_grid.base.files import write_json
from emotion_grid.base.messages import InputError
from emotion_grid.encoders.examining import find_facts
from emotion_grid.encoders.facts import why_unexplained
from emotion_grid.model import encoder
from testing.encoders import write_encoder
from testing.tiny import make_encoder, take_offsets

SPEC = {"source": "./one", "layers": 3, "hidden_size": 16}


def recorded(folder) -> str:
    write_json(folder / "facts.json", find_facts(folder, SPEC))
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
        find_facts(tmp_path, SPEC)
    assert "\n" not in str(caught.value)


def test_another_shape_than_planned_is_refused(tmp_path):
    """Fault: a shape that config.json says in the words of a family unknown to planning is never compared."""
    make_encoder(tmp_path / "files", 1)
    with pytest.raises(InputError, match=r"\./one: expected layers 4 \(as planned\), found 3"):
        find_facts(tmp_path, {**SPEC, "layers": 4})


def test_weights_under_other_names_are_refused_at_fetching(tmp_path):
    """Fault: they are found by a job that trains, hours later, or by none."""
    make_encoder(tmp_path / "files", 1)
    path = tmp_path / "files" / "model.safetensors"
    save_file({f"module.{name}": tensor for name, tensor in load_file(path).items()}, path, metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"expected the weights of BertModel, found \d+ missing"):
        find_facts(tmp_path, SPEC)


def test_what_was_found_out_is_read_by_who_loads_the_encoder(tmp_path, monkeypatch):
    """Fault: a large encoder that is run on trial again by every job."""
    make_encoder(tmp_path / "files", 1)
    expected = encoder.load_encoder(tmp_path / "files").anatomy
    recorded(tmp_path)
    monkeypatch.setattr(encoder, "examine", lambda model: 1 / 0)
    assert encoder.load_encoder(tmp_path / "files").anatomy == expected
