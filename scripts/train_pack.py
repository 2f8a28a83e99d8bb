"""Train several runs in one job, since waiting in the queue and starting cost more than a small run.

Reads the pack's list of runs and their specs; every run is a process of its own and writes what scripts.train writes, its log beside
its results. Finished runs are left as they are; one that fails neither ends the others nor costs their results. Where several train side
by side, one that runs out of memory is tried again alone.
"""

import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json, write_text
from emotion_grid.training.pack import train_pack


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument(
        "--pack", required=True, type=Path, help="JSON file with the names of the runs, and how many train at once"
    )
    parser.add_argument("--results", required=True, type=Path, help="folder of the experiment's results")
    parser.add_argument("--cache", required=True, type=Path, help="folder of what experiments share")
    parser.add_argument("--output", required=True, type=Path, help="file to write when all runs are finished")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of a run (default: 1)")
    parser.add_argument("--keep", choices=["all", "best", "results"], default="all", help="what each run writes")
    arguments = parser.parse_args()
    pack = read_json(arguments.pack)
    train_pack(
        pack["runs"],
        arguments.results,
        arguments.cache,
        arguments.threads,
        arguments.keep,
        at_once=pack.get("at_once", 1),
    )
    write_text(arguments.output, "")


if __name__ == "__main__":
    sys.exit(run_program(main))
