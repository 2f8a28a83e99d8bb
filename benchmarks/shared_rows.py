"""What verdicts and intervals from folds are worth with more or less allowance for the training rows that folds share.

The standard error of a difference over J folds has the factor 1/J + c. Nadeau and Bengio's c is 1/(J - 1); with c = 0 folds count as if
they shared no rows. For each c and each amount of luck of training rows: the share of simulated studies of equal settings with a false
claim, and the share of 95 % intervals that hold the true difference. Prints a Markdown table.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from unittest.mock import patch

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.messages import log
from emotion_grid.evaluation import contrasts
from emotion_grid.evaluation.simulation import Design
from emotion_grid.evaluation.verdict_check import Outcome, Scenario, check

PARTS = (0.0, 0.05, 0.1, 0.25)
LUCK = (0.0, 0.0025, 0.005, 0.01)
BOOTSTRAP = 2
"""Folds take nothing from the bootstrap."""


def outcome(part: float, seeds: int, luck: float, studies: int) -> Outcome:
    """What happens with this c in studies of four settings and five folds with so much luck of training rows."""
    with patch.object(contrasts, "part_of_shared_rows", lambda folds: part):
        return check(Scenario("", Design(4, seeds, folds=5, training_luck=luck)), studies, BOOTSTRAP, seed=1)


def main() -> None:
    """Simulate and print."""
    parser = program_parser(__doc__)
    parser.add_argument("--studies", type=int, default=400, help="simulated studies of each kind (default: 400)")
    arguments = parser.parse_args()
    calls = [(part, seeds, luck) for seeds in (1, 3) for luck in LUCK for part in PARTS]
    with ProcessPoolExecutor() as pool:
        columns = (*zip(*calls, strict=True), [arguments.studies] * len(calls))
        outcomes = dict(zip(calls, pool.map(outcome, *columns), strict=True))
    log(f"{arguments.studies} studies of each kind; standard errors are at most {0.5 / arguments.studies**0.5:.3f}")
    print("| seeds | luck of training rows | " + " | ".join(f"c = {part:g}" for part in PARTS) + " |")
    print("|---:|---:|" + "---:|" * len(PARTS))
    for seeds in (1, 3):
        for luck in LUCK:
            found = (outcomes[part, seeds, luck] for part in PARTS)
            print(
                f"| {seeds} | {luck:g} | " + " | ".join(f"{one.false:.3f}, {one.covered:.3f}" for one in found) + " |"
            )


if __name__ == "__main__":
    sys.exit(run_program(main))
