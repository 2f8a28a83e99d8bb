"""Fetch a split of a data set from the hub, at the commit that its spec names.

Writes `files/` (a folder that `datasets` saved) and fetched.json with every file's SHA-256. What is already there and whole is not fetched
again.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json
from emotion_grid.data.fetching import fetch
from emotion_grid.data.hub import HubSplit


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--spec", required=True, type=Path, help="spec.json of the split")
    parser.add_argument("--output", required=True, type=Path, help="the split's folder in the cache")
    arguments = parser.parse_args()
    fetch(HubSplit(**read_json(arguments.spec)), arguments.output)


if __name__ == "__main__":
    sys.exit(run_program(main))
