"""Digests of values and of files."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.base.digests import canonical, digest, file_digest
from testing.strategies import JSON


def _shuffled(value, random):
    if isinstance(value, dict):
        items = [(key, _shuffled(item, random)) for key, item in value.items()]
        random.shuffle(items)
        return dict(items)
    return [_shuffled(item, random) for item in value] if isinstance(value, list) else value


@given(JSON, st.randoms(use_true_random=False))
def test_order_of_keys_does_not_matter(value, random):
    assert canonical(_shuffled(value, random)) == canonical(value)
    assert digest(_shuffled(value, random)) == digest(value)


def test_digest_is_sha256_of_compact_sorted_json():
    text = '{"a":[1,2.5,null],"ü":{"b":"\\"","c":true}}'
    assert digest({"ü": {"c": True, "b": '"'}, "a": [1, 2.5, None]}) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("one", "other"), [([1, 2], [2, 1]), ({"a": 1}, {"a": "1"}), ({"a": None}, {}), (0, False), ("", None), ([[]], [])]
)
def test_different_values_have_different_digests(one, other):
    assert digest(one) != digest(other)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_has_no_digest(value):
    with pytest.raises(ValueError, match="JSON"):
        digest({"a": value})


def test_file_digest_is_that_of_its_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
