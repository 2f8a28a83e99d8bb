"""How large an encoder is, from what is there of it."""

import json

import pytest

from emotion_grid.base.files import write_json
from emotion_grid.encoders.examining import find_facts
from emotion_grid.encoders.size import parameters_in, with_size
from testing.encoders import write_encoder
from testing.tiny import make_encoder

SHAPE = {"layers": 3, "hidden_size": 16}


def test_files_say_what_fetching_counts(tmp_path):
    """Fault: a run asks for the memory of an encoder of another size until it is fetched."""
    make_encoder(tmp_path / "files", 1)
    sized = with_size(SHAPE, tmp_path / "none", str(tmp_path / "files"))
    write_json(tmp_path / "facts.json", find_facts(tmp_path, {"source": "./one", **SHAPE}))
    fetched = with_size(SHAPE, tmp_path, "team/encoder")
    pooler = 16 * 16 + 16  # which a file may lack
    assert fetched == {**sized, "parameters": sized["parameters"] + pooler}
    assert sized["vocabulary"] == 21 and sized["parameters"] > 21 * 16


def test_parameters_of_several_files_are_summed(tmp_path):
    folder = write_encoder(tmp_path / "one", weights=None)
    for part, shape in (("a", [2, 3]), ("b", [5])):
        header = json.dumps({"__metadata__": {"format": "pt"}, part: {"dtype": "F32", "shape": shape}}).encode()
        (folder / f"{part}.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    index = {"weight_map": {"a": "a.safetensors", "b": "b.safetensors"}}
    write_json(folder / "model.safetensors.index.json", index)
    assert with_size(SHAPE, tmp_path / "none", str(folder))["parameters"] == 11


def test_what_is_not_known_is_left_out_and_well_known_encoders_have_their_vocabulary(tmp_path):
    assert with_size(SHAPE, tmp_path, "team/encoder") == SHAPE
    assert with_size(SHAPE, tmp_path, "FacebookAI/xlm-roberta-base") == {**SHAPE, "vocabulary": 250002}
    folder = write_encoder(tmp_path / "odd", weights=b"these are no safetensors")
    assert with_size(SHAPE, tmp_path, str(folder)) == SHAPE
    with pytest.raises(ValueError, match="expected a safetensors file"):
        parameters_in(folder / "model.safetensors")
