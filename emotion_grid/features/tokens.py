"""Tokens of every text of a study, made once for all splits, folds and runs."""

from pathlib import Path

import numpy as np

from emotion_grid.base.files import whole_folder
from emotion_grid.base.messages import InputError
from emotion_grid.data.cleaning import clean
from emotion_grid.data.mapping import Mapping
from emotion_grid.data.raw import texts_digest
from emotion_grid.data.rows import read_rows
from emotion_grid.data.sources import read_source
from emotion_grid.data.splits import SPLITS
from emotion_grid.data.texts import map_table


def read_texts(spec: dict, paths: dict[str, Path], mapping: Mapping) -> list[str]:
    """Every text of the files of a study's splits, cleaned, once."""
    texts: dict[str, None] = {}
    for split, path in paths.items():
        mapped = map_table(read_source(path, mapping.form), mapping, path, gold=split == "train")
        if texts_digest(path, mapped) != spec["texts"][split]:
            raise InputError(f"{path}: the texts of the file have changed since this start was planned; start again")
        texts |= dict.fromkeys(clean(text, spec["clean"]) for text in mapped.texts)
    return list(texts)


def prepared_texts(folder: Path) -> list[str]:
    """Every text of prepared splits, once.

    Args:
        folder: that of the splits.
    """
    files = (folder / f"{split}.csv" for split in ("train", *SPLITS))
    return list(dict.fromkeys(text for file in files for text in read_rows(file).texts))


def tokenize(texts: list[str], max_length: int, encoder: Path, output: Path) -> dict:
    """Write the tokens of texts into `output/files` and return what tokens.json holds."""
    import torch
    from datasets import Dataset, Features, List, Value, disable_progress_bars
    from safetensors.torch import save_file
    from transformers import AutoTokenizer

    from emotion_grid.features.index import DATASET, FILES, INDEX, TOKENIZER, text_digest

    disable_progress_bars()
    tokenizer = AutoTokenizer.from_pretrained(encoder, local_files_only=True, trust_remote_code=False)
    encoded = tokenizer(texts, truncation=False, verbose=False)
    cut = np.array([len(tokens) > max_length for tokens in encoded["input_ids"]])
    if cut.any():
        encoded = tokenizer(texts, truncation=True, max_length=max_length)
    lengths = np.array([len(tokens) for tokens in encoded["input_ids"]])
    order = np.argsort(-lengths, kind="stable")
    if tokenizer.pad_token_id is None:
        raise InputError(f"{encoder}: expected a tokenizer with a padding token, found one without")
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
        tokenizer.save_pretrained(partial / TOKENIZER)
    return {
        "texts": len(texts),
        "tokens": int(lengths.sum()),
        "longest": int(lengths.max()),
        "texts_cut": int(cut.sum()),
        "fill": {name: fills[name] for name in columns},
    }
