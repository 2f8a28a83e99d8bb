"""Turn every text of a study's files into an encoder's tokens, once for all splits, folds and runs.

Reads the raw files and the fetched encoder's tokenizer; writes `files/` (the tokens as Arrow, an index by text, the tokenizer) and
tokens.json: how many there are. What is already there is not made again.
"""

import json
import os
import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import expect_whole, files_below, write_record
from emotion_grid.base.layout import CHECKS, FETCHED, FILES, TOKENS_RECORD
from emotion_grid.base.locks import one_maker
from emotion_grid.base.messages import log
from emotion_grid.base.prompts import TEXT
from emotion_grid.data.fetching import expect_fetched
from emotion_grid.data.mapping import read_mapping
from emotion_grid.data.splits import ADDED
from emotion_grid.features.tokens import prepared_texts, read_texts, tokenize


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--spec", required=True, type=Path, help="spec.json of the tokens")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--train", type=Path, help="raw file of the training rows")
    source.add_argument("--prepared", type=Path, help="folder of prepared splits, of a set that unites others")
    parser.add_argument("--dev", type=Path, help="raw file of the dev rows")
    parser.add_argument("--test", type=Path, help="raw file of the test rows")
    parser.add_argument(
        "--data", type=json.loads, default={}, help="labels and reading of the prepared data's spec, as JSON"
    )
    parser.add_argument("--added", type=Path, help="raw file of added rows")
    parser.add_argument(
        "--added-data", type=json.loads, default={}, help="labels and reading of the added rows, as JSON"
    )
    parser.add_argument("--encoder", required=True, type=Path, help="folder of the fetched encoder")
    parser.add_argument("--output", required=True, type=Path, help="the tokens' folder in the cache")
    arguments = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"  # a tokenizer needs no class of the encoder's family
    spec = read_json(arguments.spec)
    with one_maker(arguments.output):
        if (arguments.output / TOKENS_RECORD).is_file():
            log(f"already in the cache: {arguments.output}")
            return
        expect_whole({arguments.encoder.with_name(FETCHED): None})
        paths = {split: path for split in ("train", "dev", "test") if (path := getattr(arguments, split))}
        if arguments.prepared:
            expect_whole({arguments.prepared / CHECKS: None})
            texts = prepared_texts(arguments.prepared)
        else:
            added = {name: arguments.added for name in spec["texts"] if name.startswith(f"{ADDED}/")}
            expect_fetched(spec["texts"], {**paths, **added})
            texts = read_texts(spec, paths, read_mapping({"labels": [], **arguments.data}))
            texts = {**read_texts(spec, added, read_mapping({"labels": [], **arguments.added_data})), **texts}
        prompt = spec["encoder"].get("prompt", TEXT)
        made = tokenize(texts, spec["max_length"], arguments.encoder, arguments.output, prompt)
        write_record(arguments.output / TOKENS_RECORD, made, files_below(arguments.output, FILES))
    log(
        f"{made['texts']:,} texts, {made['tokens']:,} tokens, the longest has {made['longest']}, {made['texts_cut']} cut"
    )


if __name__ == "__main__":
    sys.exit(run_program(main))
