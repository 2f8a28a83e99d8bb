"""List or remove what an experiment's grid, as last started, does not use: runs with their metrics and explanations, baselines and
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
    """Folders and metrics of the experiment that no row of its plan uses, sorted."""
    path = home / "plan.json"
    if not path.is_file():
        raise InputError(f"{home}: expected the results of an experiment (plan.json), found none")
    plan = read_json(path)
    rows, names = plan["rows"], [*(row["run"] for row in plan["rows"]), *plan["compare"]]
    used = {home / row["folder"] for row in rows} | {home / "data" / row["data"] for row in rows}
    used |= {home / "explanations" / name for name in names} | {home / "metrics" / f"{name}.json" for name in names}
    kinds = ("runs/*/", "baselines/*/", "data/*/", "explanations/*/", "metrics/*.json")
    return sorted({path for kind in kinds for path in home.glob(kind)} - used)


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of the experiment's results")
    parser.add_argument("--yes", action="store_true", help="remove them")
    arguments = parser.parse_args()
    found = unused(arguments.results)
    guard = Guard(arguments.results, arguments.results.name) if arguments.yes else None
    for path in found:
        log(f"{'removing' if guard else 'unused'}: {path} ({size(path) / 1e6:.1f} MB)")
        if guard:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if not found:
        log("nothing is unused: all there is belongs to the grid of the last start")
    elif not guard:
        log(f"{len(found)} are not used by the grid of the last start; add --yes (make: YES=1) to remove them")


if __name__ == "__main__":
    sys.exit(run_program(main))
