"""List the runs of an experiment: waiting, queued in Slurm, running, done, damaged or failed.

Each with its Slurm job id, the time it used, its log and how Slurm says that its job stands or ended; failed ones come first. At the end, for
Slurm jobs, what they asked for and what they used. Only reads; run it at any time, from the folder where Snakemake was started.
"""

import contextlib
import signal
import sys
import time
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.layout import part_homes
from emotion_grid.jobs.status import STATES, Experiment, experiment_status, overview, runs_text
from emotion_grid.jobs.usage import efficiency
from emotion_grid.jobs.watching import watch


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of the experiment's results")
    parser.add_argument("--state", choices=STATES, action="append", help="list only these runs (may be given again)")
    parser.add_argument("--watch", action="store_true", help="show the runs at work and the time left until the end")
    arguments = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it without a word

    def look() -> list[Experiment]:
        return [experiment_status(home, Path.cwd()) for home in part_homes(arguments.results)]

    if arguments.watch:
        with contextlib.suppress(KeyboardInterrupt):
            watch(arguments.results.resolve().name, look, sys.stdout, time.sleep)
        return
    texts = []
    for experiment in look():
        texts += [overview(experiment), runs_text(experiment, arguments.state or STATES), efficiency(experiment)]
    print("\n\n".join(text for text in texts if text))


if __name__ == "__main__":
    sys.exit(run_program(main))
