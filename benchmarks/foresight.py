"""How well the difference is known before a study runs that it can tell, by simulated studies.

Prints the noise of simulated studies as the compare step finds it, each part with its standard error over the studies: it is what a start
assumes where it knows no better (`USUAL`). Then, for studies of several sizes, the difference that a start promises, and the share of
simulated studies that find a true difference of that size.
"""

import numpy as np

from emotion_grid.base.cli import program_parser
from emotion_grid.evaluation.foresight import USUAL, Size, smallest_difference
from emotion_grid.evaluation.noise import noise_of
from emotion_grid.evaluation.simulation import Design, simulate
from emotion_grid.evaluation.verdict_check import CONFIDENCE, share_found

DESIGNS = (
    *(
        Design(settings, seeds, rows=rows)
        for settings, seeds in ((4, 2), (4, 3), (4, 5), (16, 3))
        for rows in (115, 2764)
    ),
    *(Design(settings, seeds, folds=5) for settings, seeds in ((4, 1), (4, 3), (16, 1))),
)


def main() -> None:
    """Simulate and print."""
    parser = program_parser(__doc__)
    parser.add_argument("--studies", type=int, default=200, help="simulated studies each (default: %(default)s)")
    studies = parser.parse_args().studies
    print("| rows of dev | seeds | own mistakes of a run, one text | difference of two settings, one text |")
    print("|---:|---:|---:|---:|")
    for rows in (115, 2764):
        print(f"| {rows:,} | {' | '.join(_noise(rows, studies))} |")
    print("\n| settings | folds | seeds | rows | promised | found |\n|---:|---:|---:|---:|---:|---:|")
    for design in DESIGNS:
        size = Size(design.settings, design.seeds, design.rows, design.settings - 1, design.folds)
        promised = smallest_difference(USUAL, size, CONFIDENCE)
        found = share_found(design, promised, studies, seed=1)
        cells = [
            design.settings,
            design.folds or "",
            design.seeds,
            f"{design.rows:,}",
            f"{promised:.3f}",
            f"{found:.2f}",
        ]
        print(f"| {' | '.join(map(str, cells))} |")


def _noise(rows: int, studies: int) -> list[str]:
    """The parts of the noise of studies with so many rows."""
    noise = [noise_of(study.scored, 0) for study in simulate(Design(rows=rows), studies, 100, seed=rows)]
    variances = np.array([[one.seeds**2, one.own**2, one.texts**2] for one in noise])
    means, errors = variances.mean(0), variances.std(0, ddof=1) / np.sqrt(len(noise))
    return [f"{np.sqrt(mean):.3f} ± {error / 2 / np.sqrt(mean):.3f}" for mean, error in zip(means, errors, strict=True)]


if __name__ == "__main__":
    main()
