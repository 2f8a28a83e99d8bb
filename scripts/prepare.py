"""Check the files of a study, clean their texts and cut train into train and validation; or unite what is prepared of several data sets.

Reads raw files of every form (see docs/data.md), or with --unite the prepared splits of other sets; writes train.csv, validation.csv,
dev.csv, test.csv and, for runs that train on added rows, added.csv with the columns id, text and the labels, and checks.json: what was found
and what was dropped. A split that the study does not have is a table without rows.
"""

import sys
from pathlib import Path

import pandas as pd

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import expect_whole, write_record
from emotion_grid.base.layout import CHECKS
from emotion_grid.base.messages import log
from emotion_grid.data.adding import added_rows
from emotion_grid.data.examining import examine
from emotion_grid.data.fetching import expect_fetched
from emotion_grid.data.forms import Table
from emotion_grid.data.hub import shown_name
from emotion_grid.data.mapping import read_mapping
from emotion_grid.data.preparation import Tell, prepare
from emotion_grid.data.splits import ADDED
from emotion_grid.data.tables import write_split
from emotion_grid.data.telling import told
from emotion_grid.data.texts import Mapped
from emotion_grid.data.uniting import unite


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--spec", required=True, help="spec.json of the prepared data")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--train", help="raw file of the training rows")
    source.add_argument("--unite", nargs="+", metavar="NAME=FOLDER", help="prepared splits of the sets to unite")
    parser.add_argument("--dev", help="raw file of the dev rows")
    parser.add_argument("--test", help="raw file of the test rows")
    parser.add_argument("--added", help="raw file of added rows")
    parser.add_argument("--output", required=True, type=Path, help="folder for the prepared splits and checks.json")
    arguments = parser.parse_args()
    spec = read_json(arguments.spec)
    if arguments.unite:
        folders = {name: Path(folder) for name, _, folder in (one.partition("=") for one in arguments.unite)}
        expect_whole({folder / CHECKS: None for folder in folders.values()})
        splits, checks = unite(folders, spec["train_on"], spec["judged_on"], spec["labels"])
    else:
        paths = {split: getattr(arguments, split) for split in ("train", "dev", "test") if getattr(arguments, split)}
        expect_fetched(spec["files"], {split: Path(path) for split, path in paths.items()})
        splits, checks = prepare(spec, paths, _teller(spec, paths))
        if "added" in spec:
            splits[ADDED], checks[ADDED] = _added(spec, arguments.added, splits)
    for split, table in splits.items():
        write_split(table, arguments.output / f"{split}.csv")
        log(f"{split}: {len(table)} rows")
    checks = examine(splits, checks)
    for warning in checks["warnings"]:
        log(f"warning: {warning}")
    write_record(arguments.output / CHECKS, checks, [f"{split}.csv" for split in splits])


def _added(spec: dict, path: str, splits: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, dict]:
    """The added rows, and what the checks say of them."""
    own = {**spec["added"], "files": {"train": spec["added"]["file"]}}
    expect_fetched(own["files"], {"train": Path(path)})
    log(f"added rows of {own['name']}:")
    added, checks = added_rows(spec, Path(path), splits, _teller(own, {"train": path}))
    log(f"{checks['leaks']} added rows dropped, since their text stands in validation, dev or test, or nearly does")
    return added, checks


def _teller(spec: dict, paths: dict[str, str]) -> Tell:
    """Logs how the file of each split was read."""
    mapping = read_mapping(spec)

    def tell(split: str, table: Table, mapped: Mapped) -> None:
        for line in told(split, shown_name(paths[split], spec["files"][split]), table, mapping, mapped):
            log(line)

    return tell


if __name__ == "__main__":
    sys.exit(run_program(main))
