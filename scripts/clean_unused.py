"""List or remove what an experiment's grid, as last started, does not use: runs with their metrics and explanations, baselines and
prepared data of older configs.

Without --yes nothing is removed.
"""

import shutil
import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.layout import part_homes, study_home
from emotion_grid.base.messages import log
from emotion_grid.jobs.guard import Guard
from emotion_grid.plan.unused import size, unused


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of the experiment's results")
    parser.add_argument("--yes", action="store_true", help="remove them")
    arguments = parser.parse_args()
    paths = [path for home in part_homes(arguments.results) for path in unused(home)]
    owner = study_home(arguments.results)
    guard = Guard(owner, owner.name) if arguments.yes else None
    for path in paths:
        log(f"{'removing' if guard else 'unused'}: {path} ({size(path) / 1e6:.1f} MB)")
        if guard:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if not paths:
        log("nothing is unused: all there is belongs to the grid of the last start")
    elif not guard:
        log(f"{len(paths)} are not used by the grid of the last start; add --yes (make: YES=1) to remove them")


if __name__ == "__main__":
    sys.exit(run_program(main))
