"""Turn every text of a study's files into an encoder's tokens, once for all splits, folds and runs.

Reads the raw CSV files and the fetched encoder's tokenizer; writes `files/` (the tokens as Arrow, an index by text, the tokenizer) and
tokens.json: how many there are. What is already there is not made again.
"""

import os
import sys
from pathlib import Path

import numpy as np

from scripts.lib.cleaning import clean
from scripts.lib.cli import log, program_parser, run_program
from scripts.lib.data import read_table
from scripts.lib.files import InputError, file_digest, read_json, whole_folder, write_json
from scripts.lib.guard import one_maker


def read_texts(spec: dict, paths: list[str]) -> list[str]:
    """Every text of the files, cleaned, once."""
    if {file_digest(path) for path in paths} != set(spec["files"].values()):
        raise InputError(f"{', '.join(paths)}: a file has changed since this start was planned; start again")
    tables = {path: read_table(path) for path in paths}
    for path, table in tables.items():
        if "text" not in table:
            raise InputError(f"{path}: expected the column text, found {', '.join(table.columns)}")
    return list(dict.fromkeys(clean(text, spec["clean"]) for table in tables.values() for text in table["text"]))


def tokenize(texts: list[str], max_length: int, encoder: Path, output: Path) -> dict:
    """Write the tokens of texts into `output/files` and return what tokens.json holds."""
    import torch
    from datasets import Dataset, Features, List, Value, disable_progress_bars
    from safetensors.torch import save
    from transformers import AutoTokenizer

    from scripts.lib.features import DATASET, INDEX, TOKENIZER, text_digest

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
    with whole_folder(output / "files") as partial:
        Dataset.from_dict(
            {name: [encoded[name][place] for place in order] for name in columns},
            features=Features({name: List(Value("int32")) for name in columns}),
        ).save_to_disk(partial / DATASET)
        digests = np.frombuffer(b"".join(text_digest(texts[place]) for place in order), dtype=np.uint8)
        index = {"digests": digests.reshape(len(texts), -1), "lengths": lengths[order], "cut": cut[order]}
        # Not by `save_file`, whose files are their owner's alone: the cache is the team's.
        (partial / INDEX).write_bytes(save({name: torch.tensor(values) for name, values in index.items()}))
        tokenizer.save_pretrained(partial / TOKENIZER)
    return {
        "texts": len(texts),
        "tokens": int(lengths.sum()),
        "longest": int(lengths.max()),
        "texts_cut": int(cut.sum()),
        "fill": {name: fills[name] for name in columns},
    }


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--spec", required=True, type=Path, help="spec.json of the tokens")
    parser.add_argument("--train", required=True, help="raw CSV file of the training rows")
    parser.add_argument("--dev", help="raw CSV file of the dev rows")
    parser.add_argument("--test", help="raw CSV file of the test rows")
    parser.add_argument("--encoder", required=True, type=Path, help="folder of the fetched encoder")
    parser.add_argument("--output", required=True, type=Path, help="the tokens' folder in the cache")
    arguments = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    spec = read_json(arguments.spec)
    with one_maker(arguments.output):
        if (arguments.output / "tokens.json").is_file():
            log("they are there already")
            return
        paths = [path for path in (arguments.train, arguments.dev, arguments.test) if path]
        made = tokenize(read_texts(spec, paths), spec["max_length"], arguments.encoder, arguments.output)
        write_json(arguments.output / "tokens.json", made)
    log(
        f"{made['texts']:,} texts, {made['tokens']:,} tokens, the longest has {made['longest']}, {made['texts_cut']} cut"
    )


if __name__ == "__main__":
    sys.exit(run_program(main))
