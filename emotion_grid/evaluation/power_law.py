"""Power laws of an error, a + b·x^(−c) with a ≥ 0: fitting them, and whether they tell more than a constant and a line in log x.

The form is that of learning curves and of scaling laws (Hestness et al., Deep Learning Scaling is Predictable, Empirically, 2017): the error
that is left however large x is, and a part that each doubling of x divides by 2^c.
"""

from dataclasses import dataclass

import numpy as np

EXPONENTS = np.geomspace(0.02, 8, 60)
"""The exponents c that are tried, and then refined; a law that hardly bends in the logarithm of x has the smallest."""

REFINEMENTS = 2
"""How often the interval around the best exponent is divided again."""


@dataclass(frozen=True)
class PowerLaw:
    """Laws a + b·(x/unit)^(−c).

    Attributes:
        a, b, c: (laws,).
        unit: the x at which a + b is the error.
        largest: the largest x to which the laws were fitted.
    """

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    unit: float
    largest: float

    def at(self, x: np.ndarray) -> np.ndarray:
        """The error at each x, (laws, x).

        Raises:
            ValueError: an x beyond twice the largest that the laws were fitted to.
        """
        if np.max(x) > 2 * self.largest * (1 + 1e-9):
            raise ValueError(
                f"expected at most {2 * self.largest:g}, twice the largest x that was run, found {np.max(x):g}"
            )
        return self.a[:, None] + self.b[:, None] * (np.asarray(x) / self.unit) ** -self.c[:, None]


def fit_power_laws(x: np.ndarray, errors: np.ndarray, weights: np.ndarray) -> PowerLaw:
    """The laws with a ≥ 0 and b ≥ 0 that fit best, by weighted least squares.

    For a given c, the rest is linear; so all c of a grid are tried, and the interval around the best one is divided again.

    Args:
        x: of the levels, above 0, (levels,).
        errors: (laws, levels).
        weights: of the levels, (levels,).
    """
    unit = float(np.exp(np.log(x).mean()))
    exponents = np.broadcast_to(EXPONENTS, (len(errors), len(EXPONENTS)))
    for _ in range(1 + REFINEMENTS):
        a, b, loss = _linear_parts(x / unit, errors, weights, exponents)
        best = loss.argmin(1)
        rows = np.arange(len(errors))
        low, high = (exponents[rows, np.clip(best + step, 0, exponents.shape[1] - 1)] for step in (-1, 1))
        found = a[rows, best], b[rows, best], exponents[rows, best]
        exponents = np.geomspace(low, high, 21, axis=1)
    return PowerLaw(*found, unit, float(x.max()))


def _linear_parts(
    x: np.ndarray, errors: np.ndarray, weights: np.ndarray, exponents: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """a, b and the weighted squares that are left, each (laws, exponents)."""
    share = weights / weights.sum()
    powers = x ** -exponents[..., None]  # (laws, exponents, levels)
    means, mean = powers @ share, (errors @ share)[:, None]
    spread = (powers - means[..., None]) * share
    slope = (spread * errors[:, None]).sum(-1) / (spread * powers).sum(-1)
    b = np.maximum(slope, 0)
    a = mean - b * means
    through_zero = (powers * share * errors[:, None]).sum(-1) / (powers**2 @ share)
    a, b = np.where(a < 0, 0, a), np.where(a < 0, through_zero, b)
    rest = errors[:, None] - a[..., None] - b[..., None] * powers
    return a, b, rest**2 @ share


def cross_validated(x: np.ndarray, errors: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    """Root mean squared error at levels that were left out, one after another: of a constant, of a line in log x, and of a power law.

    Args:
        x, errors, weights: of the levels, (levels,).
    """
    rest: dict[str, list[float]] = {"constant": [], "line": [], "law": []}
    for left_out in range(len(x)):
        kept = np.arange(len(x)) != left_out
        own, known, share = x[kept], errors[kept], weights[kept]
        line = np.polynomial.Polynomial.fit(np.log(own), known, 1, w=np.sqrt(share))
        law = fit_power_laws(own, known[None], share)
        # The largest level may lie further than twice the second largest, which no law speaks of: it is asked at twice then.
        asked = min(x[left_out], 2 * own.max())
        guesses = {
            "constant": np.average(known, weights=share),
            "line": line(np.log(asked)),
            "law": law.at(np.array([asked]))[0, 0],
        }
        for name, guess in guesses.items():
            rest[name].append(float(guess - errors[left_out]))
    return {name: float(np.sqrt(np.mean(np.square(values)))) for name, values in rest.items()}
