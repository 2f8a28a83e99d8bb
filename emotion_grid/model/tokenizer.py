"""The tokenizer of an encoder."""

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
