"""The tokenizer of an encoder."""

import shutil
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from emotion_grid.base.messages import InputError

STAND_INS = ("eos_token", "unk_token", "bos_token", "sep_token", "cls_token")
"""What stands for padding, in this order, where a tokenizer has no token for it: the mask covers padding, whatever its token is."""


def load_tokenizer(folder: str | Path) -> PreTrainedTokenizerBase:
    """The tokenizer in a folder, with a token for padding; no code from outside.

    Raises:
        InputError: none that transformers can load, or one without any special token.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # whatever the tokenizer's own library raises
        raise InputError(
            f"{folder}: expected a tokenizer that transformers can load, found {error.__class__.__name__}: "
            f"{(str(error).splitlines() or ['no message'])[0]}; choose another encoder"
        ) from error
    if tokenizer.pad_token is None:
        stand_in = next((token for name in STAND_INS if (token := getattr(tokenizer, name, None))), None)
        if stand_in is None:
            raise InputError(f"{folder}: expected a tokenizer with a padding token or another special one, found none")
        tokenizer.pad_token = stand_in
    return tokenizer


VOCABULARY = ("*.txt", "*.model", "*.codes", "vocab.json", "merges.txt")
"""Files of words and merges. They are copied, since not every tokenizer writes them as it read them (BERTweet's loses its merges)."""


def save_tokenizer(tokenizer: PreTrainedTokenizerBase, source: Path, target: Path, texts: list[str]) -> None:
    """Save a tokenizer, which then makes the same tokens of texts.

    Args:
        source: the folder that it was loaded from.

    Raises:
        InputError: a text of which the saved one makes others.
    """
    tokenizer.save_pretrained(target)
    for pattern in VOCABULARY:
        for file in source.glob(pattern):
            if (target / file.name).is_file():
                shutil.copyfile(file, target / file.name)
    saved = load_tokenizer(target)
    before, after = (dict(one(texts, truncation=False, verbose=False)) for one in (tokenizer, saved))
    for place, text in enumerate(texts):
        if before.keys() != after.keys() or any(before[name][place] != after[name][place] for name in before):
            raise InputError(
                f"{source}: expected a tokenizer that makes the same tokens after it was saved, found others of {text[:40]!r}; choose another encoder"
            )
