"""List the runs of an experiment: waiting, queued in Slurm, running, done, damaged or failed.

Each with its Slurm job id, the time it used, its log and how Slurm says that its job stands or ended; failed ones come first. At the end, for
Slurm jobs, what they asked for and what they used. Only reads; run it at any time, from the folder where Snakemake was started.
"""

import signal
import sys
from pathlib import Path

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.layout import part_homes
from emotion_grid.jobs.status import STATES, experiment_status, overview, runs_text
from emotion_grid.jobs.usage import efficiency


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of the experiment's results")
    parser.add_argument("--state", choices=STATES, action="append", help="list only these runs (may be given again)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends it without a word
    texts = []
    for home in part_homes(arguments.results):
        experiment = experiment_status(home, Path.cwd())
        texts += [overview(experiment), runs_text(experiment, arguments.state or STATES), efficiency(experiment)]
    print("\n\n".join(text for text in texts if text))


if __name__ == "__main__":
    sys.exit(run_program(main))
