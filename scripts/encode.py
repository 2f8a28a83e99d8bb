"""Compute the hidden states of an encoder's frozen layers once for every text: what all runs that freeze them start from.

Reads the tokens and the fetched encoder; writes `files/` (the features, read memory-mapped) and features.json. Where they would take
more room than --limit-gb, or the family's layers cannot be entered one by one, features.json says so, and the runs compute them
themselves in every epoch. What is already there is not computed again.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import expect_whole, files_below, write_record
from emotion_grid.base.layout import FEATURES_RECORD, FETCHED, FILES, TOKENS_RECORD
from emotion_grid.base.locks import one_maker
from emotion_grid.base.messages import log
from emotion_grid.features.states import compute


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--spec", required=True, type=Path, help="spec.json of the features")
    parser.add_argument("--tokens", required=True, type=Path, help="folder of the study's tokens in the cache")
    parser.add_argument("--encoder", required=True, type=Path, help="folder of the fetched encoder")
    parser.add_argument("--output", required=True, type=Path, help="the features' folder in the cache")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads to use (default: 1)")
    parser.add_argument("--limit-gb", type=float, default=20, help="largest size of the features (default: 20)")
    given = parser.parse_args()
    record, spec = given.output / FEATURES_RECORD, read_json(given.spec)
    with one_maker(given.output):
        if record.is_file():
            log(f"already in the cache: {given.output}")
            return
        expect_whole({given.tokens / TOKENS_RECORD: None, given.encoder.with_name(FETCHED): None})
        made = compute(spec, given.tokens, given.encoder, given.output, given.threads, given.limit_gb)
        write_record(record, made, files_below(given.output, FILES) if made["stored"] else [])
    log(f"{made['gigabytes']} GB in {made['seconds']} s" if made["stored"] else f"not stored: {made['why']}")


if __name__ == "__main__":
    sys.exit(run_program(main))
