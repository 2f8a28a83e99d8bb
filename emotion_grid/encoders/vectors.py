"""An encoder's folder made of word vectors: a table for the words, and a tokenizer that splits texts into them."""

from pathlib import Path
from typing import TYPE_CHECKING

from emotion_grid.base.files import write_json
from emotion_grid.encoders.files import WEIGHTS

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer

FORM = 1
"""Number of the form in which word vectors become an encoder; it is in the spec of every such encoder. Raise it with any change here."""

PAD, UNKNOWN = "<pad>", "<unk>"
"""The first two rows: what stands for padding, and for a word that the file does not have."""

CAPITALS = 0.01
"""Share of words with a capital letter below which a file counts as one of small letters, and texts are put into small letters, too."""

NEGATION = "n't"
"""A word of files whose texts were split as in the Penn Treebank: do n't, she 's."""

SPLIT = r"\w+(?:'\w+)*|\.{2,}|[^\w\s]"
SPLIT_AS_IN_TREEBANK = r"\w+?(?=n't\b)|n't\b|'(?:s|m|d|re|ve|ll)\b|\w+|\.{2,}|[^\w\s]"
"""What a word is: letters and digits, with apostrophes inside or split before them; dots in a row; any other sign alone."""


def write_vectors(words: list[str], values: "np.ndarray", folder: Path) -> None:
    """Write an encoder of no layers: config.json, model.safetensors and the files of a tokenizer.

    A word that is not there gets the file's own vector for `<unk>` or, without one, the mean of all vectors.

    Args:
        words: each once.
        values: float32, (words, width).
        folder: an empty one.
    """
    import numpy as np
    from safetensors.numpy import save_file
    from transformers import PreTrainedTokenizerFast

    own = [place for place, word in enumerate(words) if word not in (PAD, UNKNOWN)]
    table = np.zeros((len(own) + 2, values.shape[1]), dtype=np.float32)
    np.take(values, own, axis=0, out=table[2:])
    table[1] = values[words.index(UNKNOWN)] if UNKNOWN in words else values.mean(axis=0, dtype=np.float64)
    save_file({"words.weight": table}, folder / WEIGHTS, metadata={"format": "pt"})
    rows, width = table.shape
    config = {"model_type": "word-vectors", "vocab_size": rows, "hidden_size": width, "num_hidden_layers": 0}
    write_json(folder / "config.json", config)
    tokenizer = make_tokenizer([words[place] for place in own])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        unk_token=UNKNOWN,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    )
    fast.save_pretrained(folder)


def make_tokenizer(words: list[str]) -> "Tokenizer":
    """A tokenizer whose tokens are words, as the file's own texts were split, as far as its words tell.

    Args:
        words: each once, none of them those of the first two rows.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = {word: number for number, word in enumerate((PAD, UNKNOWN, *words))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    steps: list[normalizers.Normalizer] = [normalizers.Replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")]
    if sum(word != word.lower() for word in words) < CAPITALS * len(words):
        steps.append(normalizers.Lowercase())
    tokenizer.normalizer = normalizers.Sequence(steps)
    pattern = SPLIT_AS_IN_TREEBANK if NEGATION in vocabulary else SPLIT
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), behavior="removed", invert=True)
    return tokenizer
