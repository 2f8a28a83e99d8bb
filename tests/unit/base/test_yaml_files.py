"""YAML files: keys written twice, and merge keys."""

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.base.yaml_files import load_yaml, read_yaml


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("a: 1\nencoders:\n  e: {model: x}\n  f: {model: y}\n  e: {model: z}\n", 5, "e"),
        ("training:\n  epochs: 1\ngrid: []\ntraining:\n  epochs: 2\n", 4, "training"),
        ("grid:\n  - encoder: e\n    seed: 1\n    seed: 2\n", 4, "seed"),
    ],
)
def test_key_written_twice_is_refused_with_file_and_line(tmp_path, text, line, key):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_yaml(path.read_text(), path.name)
    assert f"study.yaml, line {line}: the key {key} " in str(caught.value)


def test_same_key_in_different_mappings_is_fine(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("a: {x: 1, y: 2}\nb: {x: 1}\n")
    read_yaml(path.read_text(), path.name)


def test_merge_keys_of_yaml_are_understood(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: &b\n  <<: *a\n  x: 3\nc:\n  <<: *b\n  x: 4\n")
    assert load_yaml(path)["c"] == {"x": 4, "y": 2}
    read_yaml(path.read_text(), path.name)
    path.write_text("a: &a {x: 1}\nb:\n  <<: *a\n  x: 3\n  x: 4\n")
    with pytest.raises(InputError, match="line 5: the key x "):
        read_yaml(path.read_text(), path.name)
