"""List or remove what an experiment's current grid does not use: runs with their explanations, baselines and
prepared data of older configs.

Without --yes nothing is removed.
"""

import shutil
import sys
from pathlib import Path

from scripts.lib.cli import log, program_parser, run_program
from scripts.lib.files import InputError, read_json
from scripts.lib.guard import Guard


def unused(home: Path) -> list[Path]:
    """Folders of the experiment that no row of its plan uses, sorted."""
    path = home / "plan.json"
    if not path.is_file():
        raise InputError(f"{home}: expected the results of an experiment (plan.json), found none")
    rows = read_json(path)["rows"]
    used = {home / row["folder"] for row in rows} | {home / "data" / row["data"] for row in rows}
    used |= {home / "explanations" / row["run"] for row in rows}
    found = [
        folder
        for kind in ("runs", "baselines", "data", "explanations")
        for folder in (home / kind).glob("*")
        if folder.is_dir()
    ]
    return sorted(folder for folder in found if folder not in used)


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of the experiment's results")
    parser.add_argument("--yes", action="store_true", help="remove them")
    arguments = parser.parse_args()
    folders = unused(arguments.results)
    guard = Guard(arguments.results, arguments.results.name) if arguments.yes else None
    for folder in folders:
        log(f"{'removing' if guard else 'unused'}: {folder} ({size(folder) / 1e6:.1f} MB)")
        if guard:
            shutil.rmtree(folder)
    if folders and not guard:
        log(f"{len(folders)} folders are not used by the current grid; add --yes (make: YES=1) to remove them")


if __name__ == "__main__":
    sys.exit(run_program(main))
