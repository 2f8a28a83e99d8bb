"""Seconds until a program's imports are done, by what it imports: median, least and most over --repeats fresh processes."""

import statistics
import subprocess
import sys
import time

from emotion_grid.base.cli import program_parser

IMPORTS = {
    "torch alone": "import torch",
    "a head on features": "import emotion_grid.training.head_training, emotion_grid.model.saved",
    "an encoder that is asked": "import emotion_grid.model.classifier, emotion_grid.features.index, datasets",
    "`Trainer`": "import emotion_grid.training.fine_tuning",
}


def main() -> None:
    """Measure and print."""
    parser = program_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="processes each (default: %(default)s)")
    arguments = parser.parse_args()
    print("| imports | seconds |\n|---|---|")
    for name, code in IMPORTS.items():
        taken = []
        for _ in range(arguments.repeats):
            start = time.monotonic()
            subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
            taken.append(time.monotonic() - start)
        print(f"| {name} | {statistics.median(taken):.1f} ({min(taken):.1f} to {max(taken):.1f}) |")


if __name__ == "__main__":
    main()
