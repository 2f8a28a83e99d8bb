"""Tokens of every text of a study, made once for all splits, folds and runs."""

from pathlib import Path
from typing import Any

import numpy as np

from emotion_grid.base.files import read_json, whole_folder
from emotion_grid.base.messages import InputError
from emotion_grid.base.prompts import TEXT, prompted
from emotion_grid.data.cleaning import clean
from emotion_grid.data.hub import is_hub, shown_name
from emotion_grid.data.mapping import Mapping
from emotion_grid.data.raw import texts_digest
from emotion_grid.data.rows import read_rows
from emotion_grid.data.sources import read_source
from emotion_grid.data.splits import SPLITS
from emotion_grid.data.texts import map_table

FACTS = "facts.json"
"""As in base/layout.py, which is imported by no module that the digests of runs cover."""


def read_texts(spec: dict, paths: dict[str, Path], mapping: Mapping) -> dict[str, str]:
    """Every text of the files of a study's splits, cleaned, once, and where it stands first."""
    texts: dict[str, str] = {}
    for split, path in paths.items():
        planned = spec["texts"][split]
        name = shown_name(str(path), planned)
        mapped = map_table(read_source(path, mapping.form), mapping, name, gold=split not in ("dev", "test"))
        if not is_hub(planned) and texts_digest(path, mapped) != planned:
            raise InputError(f"{path}: the texts of the file have changed since this start was planned; start again")
        for row, text in zip(mapped.rows, mapped.texts, strict=True):
            texts.setdefault(clean(text, spec["clean"]), f"{name}, row {row}")
    return texts


def prepared_texts(folder: Path) -> dict[str, str]:
    """Every text of prepared splits, once, and where it stands first.

    Args:
        folder: that of the splits.
    """
    places: dict[str, str] = {}
    for split in ("train", *SPLITS):
        rows = read_rows(folder / f"{split}.csv")
        for id_, text in zip(rows.ids, rows.texts, strict=True):
            places.setdefault(text, f"{split}, id {id_}")
    return places


def _expect_positions(encoder: Path, max_length: int) -> None:
    """Refuse more tokens than a fetched encoder has positions for.

    Raises:
        InputError: with both numbers.
    """
    facts = encoder.with_name(FACTS)
    positions = read_json(facts).get("positions") if facts.is_file() else None
    if positions is not None and max_length > positions:
        raise InputError(
            f"training.max_length: expected at most {positions}, the tokens that {encoder} has positions for, found {max_length}; set it for this "
            "encoder alone under encoders.<name>.training"
        )


def _expect_room(tokenizer: Any, prompt: str, max_length: int) -> None:
    """Refuse a prompt that leaves no token for a text.

    Raises:
        InputError: with both numbers.
    """
    taken = len(tokenizer(prompted(prompt, ""))["input_ids"])
    if taken >= max_length:
        raise InputError(
            f"training.max_length: expected more than {taken}, the tokens of the prompt {prompt!r} alone, found {max_length}; raise it, or shorten "
            "prompt under encoders"
        )


def tokenize(places: dict[str, str], max_length: int, encoder: Path, output: Path, prompt: str = TEXT) -> dict:
    """Write the tokens of texts into `output/files` and return what tokens.json holds.

    Args:
        places: the texts, and where each stands.
        encoder: folder of the fetched encoder.
        prompt: the template around each text.

    Raises:
        InputError: more tokens than the encoder has positions for, a prompt that leaves no token for a text, a text of which no token is
            left, or a tokenizer that cannot be saved.
    """
    import torch
    from datasets import Dataset, Features, List, Value, disable_progress_bars
    from safetensors.torch import save_file

    from emotion_grid.features.index import DATASET, FILES, INDEX, TOKENIZER, text_digest
    from emotion_grid.model.tokenizer import load_tokenizer, save_tokenizer

    disable_progress_bars()
    _expect_positions(encoder, max_length)
    tokenizer, texts = load_tokenizer(encoder), list(places)
    _expect_room(tokenizer, prompt, max_length)
    inputs = [prompted(prompt, text) for text in texts]
    encoded = tokenizer(inputs, truncation=False, verbose=False)
    cut = np.array([len(tokens) > max_length for tokens in encoded["input_ids"]])
    if cut.any():
        encoded = tokenizer(inputs, truncation=True, max_length=max_length)
    lengths = np.array([len(tokens) for tokens in encoded["input_ids"]])
    if not lengths.all():
        text = texts[int(lengths.argmin())]
        raise InputError(
            f"{places[text]}: expected a text of which tokens are left, found none in {text!r}; leave the row out, or choose another encoder"
        )
    order = np.argsort(-lengths, kind="stable")
    fills = {"input_ids": tokenizer.pad_token_id, "token_type_ids": tokenizer.pad_token_type_id}
    columns = [name for name in tokenizer.model_input_names if name in fills and name in encoded]
    with whole_folder(output / FILES) as partial:
        Dataset.from_dict(
            {name: [encoded[name][place] for place in order] for name in columns},
            features=Features({name: List(Value("int32")) for name in columns}),
        ).save_to_disk(partial / DATASET)
        digests = np.frombuffer(b"".join(text_digest(texts[place]) for place in order), dtype=np.uint8)
        index = {"digests": digests.reshape(len(texts), -1), "lengths": lengths[order], "cut": cut[order]}
        save_file({name: torch.tensor(values) for name, values in index.items()}, partial / INDEX)
        save_tokenizer(tokenizer, encoder, partial / TOKENIZER, inputs)
    return {
        "texts": len(texts),
        "tokens": int(lengths.sum()),
        "longest": int(lengths.max()),
        "texts_cut": int(cut.sum()),
        "fill": {name: fills[name] for name in columns},
    }
