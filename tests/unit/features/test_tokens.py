"""Tokens from the cache: what is cut is counted, and others can read them."""

import errno
import os

import pandas as pd
import pytest
import torch
from datasets import load_from_disk
from transformers import AutoTokenizer, BertweetTokenizer, PreTrainedTokenizerFast

from emotion_grid.base.files import write_json
from emotion_grid.base.messages import InputError
from emotion_grid.data.mapping import read_mapping
from emotion_grid.data.raw import raw_table
from emotion_grid.encoders.examining import find_facts
from emotion_grid.features.index import Index
from emotion_grid.features.tokens import read_texts, tokenize
from emotion_grid.model.encoder import load_model
from emotion_grid.model.tokenizer import load_tokenizer
from testing.disks import leave_room
from testing.zoo import write_family, write_tokenizer

VECTOR = {"type": "mlp", "size": 12, "pooling": "mean"}


def _tokenized(texts, encoder, folder, limit=64):
    made = tokenize(dict.fromkeys(texts, "train.csv, row 1"), limit, encoder, folder)
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


def test_a_prompt_is_put_around_each_text_and_must_leave_room_for_it(encoders, tmp_path):
    """Faults: tokens without the prompt; texts that are found under the prompt's; a prompt after which nothing of a text is read."""
    encoder, texts = encoders("bert"), ["w1 w2", "w3 {text}"]
    tokenize(dict.fromkeys(texts, "train.csv, row 1"), 8, encoder, tmp_path / "one", "w8 {text} w9")
    index = Index(tmp_path / "one")
    tokens = load_from_disk(tmp_path / "one" / "files" / "tokens")
    found = [tokens[int(place)]["input_ids"] for place in index.find(texts)]
    assert found == [load_tokenizer(encoder)(f"w8 {text} w9")["input_ids"] for text in texts]
    with pytest.raises(
        InputError,
        match=r"training\.max_length: expected more than 7, .* prompt 'w5 w6 w7 w8 w9 \{text\}' alone, found 7",
    ):
        tokenize({"w1": "train.csv, row 1"}, 7, encoder, tmp_path / "two", "w5 w6 w7 w8 w9 {text}")


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
    places = {"two  words": "train.csv, row 1", "same": "train.csv, row 2", "other": "test.csv, row 2"}
    assert read_texts(spec, paths, mapping) == {text: f"{tmp_path}/{place}" for text, place in places.items()}
    (tmp_path / "test.csv").write_text("id,text,joy\n0,same,1\n1,other,0\n")
    raw_table.cache_clear()
    assert list(read_texts(spec, paths, mapping)) == ["two  words", "same", "other"], "new labels change no tokens"
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


def test_a_saved_tokenizer_makes_the_same_tokens(tmp_path):
    """Fault: BERTweet's writes its merges in a form that it does not read, and a saved model got other tokens."""
    (tmp_path / "vocab.txt").write_text("w1 1\nw@@ 1\n1 1\n")
    (tmp_path / "bpe.codes").write_text("#version: 0.2\nw 1</w> 5\n")
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "BertweetTokenizer"}')
    _tokenized(["w1 w1", "1"], tmp_path, tmp_path / "tokens")
    saved, own = (load_tokenizer(folder) for folder in (tmp_path / "tokens" / "files" / "tokenizer", tmp_path))
    assert saved("w1 w1")["input_ids"] == own("w1 w1")["input_ids"] == [0, 4, 4, 2]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("tokenizer.json", '"w3": 8', '"w3": 99'),
        ("tokenizer_config.json", '"attention_mask"', '"attention_mask", "token_type_ids"'),
    ],
    ids=["ids", "types"],
)
def test_a_tokenizer_that_makes_others_once_it_is_saved_is_refused(tmp_path, monkeypatch, name, old, new):
    """Fault: predictions of the saved model are of other tokens, without a word."""
    write_tokenizer(tmp_path / "own")
    save = PreTrainedTokenizerFast.save_pretrained

    def damaged(self, folder, *args, **options):
        save(self, folder, *args, **options)
        path = folder / name
        path.write_text(path.read_text().replace(old, new))
        assert new in path.read_text()

    monkeypatch.setattr(PreTrainedTokenizerFast, "save_pretrained", damaged)
    with pytest.raises(InputError, match="the same tokens after it was saved, found others of 'w1 w2 w3"):
        _tokenized(_LONG, tmp_path / "own", tmp_path)
    assert not (tmp_path / "files").exists()


def test_a_text_without_tokens_is_refused_with_its_row(tmp_path):
    """Fault: the mean over no token, which is no number, fails the whole run in the middle."""
    write_tokenizer(tmp_path, special=False)
    with pytest.raises(
        InputError, match=r"train\.csv, row 7: expected a text of which tokens are left, found none in ' '"
    ):
        tokenize({"w1": "train.csv, row 1", " ": "train.csv, row 7"}, 64, tmp_path, tmp_path / "tokens")


@pytest.mark.parametrize(("limit", "refused"), [(62, False), (63, True)])
def test_more_tokens_than_the_encoder_has_positions_for_are_refused(tmp_path, limit, refused):
    """Fault: an index error in the middle of training, at the first text that is long enough."""
    files = tmp_path / "files"
    write_family(files, "roberta", pad_token_id=1)
    write_json(tmp_path / "facts.json", find_facts(tmp_path, {"source": "./one", "layers": 4, "hidden_size": 16}))
    model, ids = load_model(files), torch.arange(5, 5 + limit).unsqueeze(0)
    if not refused:
        assert model(input_ids=ids).last_hidden_state.shape[1] == limit
        _tokenized(_LONG, files, tmp_path / "tokens", limit)
        return
    with pytest.raises((IndexError, RuntimeError)):
        model(input_ids=ids)
    with pytest.raises(InputError, match=r"training\.max_length: expected at most 62, .*, found 63"):
        _tokenized(_LONG, files, tmp_path / "tokens", limit)


@pytest.mark.parametrize(("family", "name"), [("t5", "spiece.model"), ("llama", "tokenizer.model")])
def test_a_tokenizer_that_is_a_sentencepiece_model_alone_is_read(tmp_path, family, name):
    """Faults: it is read only where protobuf is installed; a tokenizer without a padding token (Llama's) is refused."""
    pytest.importorskip("google.protobuf", reason="locked in envs/programs.txt, and not installed here")
    from sentencepiece import SentencePieceTrainer

    texts = ["w1 w2 w3 other words"] * 50
    with (tmp_path / name).open("wb") as file:
        options = {"vocab_size": 30, "hard_vocab_limit": False}
        SentencePieceTrainer.train(sentence_iterator=iter(texts), model_writer=file, **options)
    write_json(tmp_path / "config.json", {"model_type": family})
    made, index = _tokenized(["w1 w2", "other words w3"], tmp_path, tmp_path / "tokens")
    assert index.lengths.min() > 2 and set(made["fill"]) >= {"input_ids"}
