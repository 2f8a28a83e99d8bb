"""Tokens from the cache: what is cut is counted, and others can read them."""

import errno
import os

import pandas as pd
import pytest
from transformers import AutoTokenizer, BertweetTokenizer

from emotion_grid.base.files import write_json
from emotion_grid.base.messages import InputError
from emotion_grid.data.mapping import read_mapping
from emotion_grid.data.raw import raw_table
from emotion_grid.features.index import Index
from emotion_grid.features.tokens import read_texts, tokenize
from testing.disks import leave_room

VECTOR = {"type": "mlp", "size": 12, "pooling": "mean"}


def _tokenized(texts, encoder, folder, limit=64):
    made = tokenize(texts, limit, encoder, folder)
    write_json(folder / "tokens.json", made)
    return made, Index(folder)


_LONG = ["w1 w2 w3 w4 w5 w6", "w1", "w1 w2", "w1 w2 w3", "w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12 w13 w14 w15"]


@pytest.mark.parametrize(("limit", "cut"), [(64, 0), (17, 0), (16, 1), (8, 1), (7, 2), (5, 2), (4, 3)])
def test_tokens_count_what_is_cut(encoders, tmp_path, limit, cut):
    """Fault: texts that are cut without a word, texts that fit exactly counted, or one long text counted several times."""
    made, index = _tokenized(_LONG, encoders("bert"), tmp_path, limit)
    assert made["texts_cut"] == index.cut.sum() == cut
    assert made["longest"] == index.lengths.max() <= limit


def test_tokens_count_what_a_tokenizer_in_python_cuts(tmp_path, monkeypatch):
    """Fault: BERTweet's tokenizer has no `encodings`, so its cut texts are counted as 0."""
    (tmp_path / "vocab.txt").write_text("".join(f"w{number} 1\n" for number in range(20)))
    (tmp_path / "bpe.codes").write_text("#version: 0.2\nw 1 1\n")
    python = BertweetTokenizer(str(tmp_path / "vocab.txt"), str(tmp_path / "bpe.codes"))
    monkeypatch.setattr(AutoTokenizer, "from_pretrained", lambda *args, **kwargs: python)
    made, index = _tokenized(_LONG, tmp_path, tmp_path / "tokens", 4)
    assert index.lengths.max() == 4
    assert made["texts_cut"] == sum(len(python(text)["input_ids"]) > 4 for text in _LONG) > 0


def test_every_text_is_read_once_cleaned_and_checked(tmp_path):
    """Fault: tokens of texts as they stood, of one file alone, or of files that changed since the plan."""
    for name, texts in (("train", ["Two  words", "same"]), ("test", ["same", "other"])):
        pd.DataFrame({"id": range(2), "text": texts}).to_csv(tmp_path / f"{name}.csv", index=False)
    paths = {name: tmp_path / f"{name}.csv" for name in ("train", "test")}
    mapping = read_mapping({"labels": []})
    spec = {
        "texts": {name: raw_table(path, mapping, name == "train").texts for name, path in paths.items()},
        "clean": ["lowercase"],
    }
    assert read_texts(spec, paths, mapping) == ["two  words", "same", "other"]
    (tmp_path / "test.csv").write_text("id,text,joy\n0,same,1\n1,other,0\n")
    raw_table.cache_clear()
    assert read_texts(spec, paths, mapping) == ["two  words", "same", "other"], "new labels change no tokens"
    (tmp_path / "test.csv").write_text("id,text\n1,changed\n")
    raw_table.cache_clear()
    with pytest.raises(InputError, match="the texts of the file have changed"):
        read_texts(spec, paths, mapping)


@pytest.mark.parametrize("room", range(0, 32_768, 4096))
def test_a_full_disk_leaves_no_tokens_and_the_next_start_makes_them(encoders, disk, room):
    """Fault: a traceback of `datasets` or tokenizers; tokens that are half written."""
    texts = [f"w{number} " * 60 for number in range(80)]
    leave_room(disk, room)
    with pytest.raises(OSError) as caught:
        tokenize(texts, 64, encoders("bert"), disk / "tokens")
    assert caught.value.errno == errno.ENOSPC and caught.value.filename.startswith(str(disk / "tokens"))
    assert not list(disk.glob("tokens/*"))
    leave_room(disk, 1_000_000)
    assert _tokenized(texts, encoders("bert"), disk / "tokens")[1].lengths.sum() > 0


def test_the_team_can_read_what_one_of_it_made(encoders, make_spec, data, features_of, tmp_path):
    """Fault: files that their library writes for their owner alone."""
    encoder = encoders("bert")
    texts = list(pd.read_csv(data / "train.csv")["text"])
    mask = os.umask(0o022)
    try:
        _tokenized(texts, encoder, tmp_path)
        made = features_of(make_spec(encoder, VECTOR, "all"), tmp_path, encoder)
    finally:
        os.umask(mask)
    paths = [path for folder in (tmp_path, made) for path in folder.rglob("*")]
    assert len(paths) > 8 and all(path.stat().st_mode & 0o044 == 0o044 for path in paths)
