"""What starting a program inside the image costs against outside: seconds of the same command, taken in turns.

`python -m benchmarks.container_start --image <file.sif>` prints median, least and most of each.
"""

import statistics
import subprocess
import sys
import time

from emotion_grid.base.cli import program_parser

COMMANDS = {"nothing": ["-c", "pass"], "import torch": ["-c", "import torch"]}


def seconds(command: list[str]) -> float:
    """How long a command takes."""
    start = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - start


def main() -> None:
    """Print the figures."""
    parser = program_parser(__doc__)
    parser.add_argument("--image", required=True, help="the image's file")
    parser.add_argument("--repeats", type=int, default=10, help="times that each command runs (default: %(default)s)")
    arguments = parser.parse_args()
    inside = ["apptainer", "exec", "--nv", "--cleanenv", arguments.image, "python"]
    for name, command in COMMANDS.items():
        pairs = [(seconds([sys.executable, *command]), seconds([*inside, *command])) for _ in range(arguments.repeats)]
        for place, taken in zip(("outside", "inside"), zip(*pairs, strict=True), strict=True):
            print(f"{name}, {place}: {statistics.median(taken):.2f} s ({min(taken):.2f} to {max(taken):.2f})")


if __name__ == "__main__":
    main()
