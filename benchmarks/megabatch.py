"""Train a run as scripts.train does, with another number of batches within which rows are sorted by length.

The first argument is that number, the others are those of scripts.train.
"""

import sys

from emotion_grid.base.cli import run_program
from emotion_grid.training import order
from scripts import train

if __name__ == "__main__":
    order.MEGABATCH = int(sys.argv.pop(1))
    sys.exit(run_program(train.main))
