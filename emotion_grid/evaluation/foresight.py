"""What a study will be able to tell, before anything runs: the smallest difference that its seeds, folds and rows find.

Snakemake's process says it in a dry run, so this module loads nothing but the standard library. `power.py` says the same of a finished
study, of each of its comparisons; `contrasts.py` has the method of both, and where it comes from.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

POWER = 0.8
"""How likely a difference is found that a study is said to find."""

NORMAL = 1000.0
"""Degrees of freedom from which on the t distribution is as good as normal."""

FEWEST_FREEDOM = 4
"""Degrees of freedom that the seeds of all settings together must leave; below, simulated error rates exceed the nominal one."""

NOISE = "noise"
"""The key under which the record of an experiment's comparison holds the noise that it shows."""

STEPS = 200
"""Points at which the noncentral t distribution is integrated: its quantiles then have relative errors below 1e-5 (tested)."""


@dataclass(frozen=True)
class Size:
    """How large a study is.

    Attributes:
        settings: settings that are tested.
        seeds: runs of each, in each fold where there are folds.
        rows: texts that they are compared on, all folds together.
        comparisons: tests that are corrected for.
        folds: folds of a cross-validation; 0 is a dev split.
    """

    settings: int
    seeds: int
    rows: int
    comparisons: int
    folds: int = 0


@dataclass(frozen=True)
class Noise:
    """Why scores of macro-F1 differ, each as a standard deviation.

    Attributes:
        seeds: of a setting's runs, on endlessly many texts.
        own: what the texts add to it, for one text: the mistakes that one run makes and others of its setting do not.
        texts: of the difference between two settings with endlessly many seeds, for one text.
    """

    seeds: float
    own: float
    texts: float

    def of_runs(self, rows: float) -> float:
        """Variance of the runs of a setting on so many texts."""
        return self.seeds**2 + self.own**2 / rows

    def over_folds(self, size: Size) -> float:
        """Variance of the difference between two settings from fold to fold."""
        rows = size.rows / size.folds
        return 2 * self.of_runs(rows) / size.seeds + self.texts**2 / rows


@dataclass(frozen=True)
class FoldNoise:
    """The noise that a cross-validation shows: the spread over its folds, which cannot be divided into seeds, texts and training rows.

    Attributes:
        folds: standard deviation of the difference between two settings from fold to fold.
    """

    folds: float

    def over_folds(self, size: Size) -> float:
        """Variance of the difference between two settings from fold to fold, for folds like those of the study that was measured."""
        return self.folds**2


USUAL = Noise(seeds=0.01, own=0.17, texts=0.18)
"""Noise where nothing better is known: that of the simulated studies, by `python -m benchmarks.foresight`."""


def noise_from(values: dict[str, float]) -> Noise | FoldNoise:
    """Noise from the values of its attributes, as the record of a comparison holds them."""
    return FoldNoise(**values) if "folds" in values else Noise(**values)


def smallest_difference(noise: Noise | FoldNoise, size: Size, confidence: float) -> float:
    """The true difference of macro-F1 between two settings that their comparison finds with probability `POWER`.

    Args:
        noise: a `Noise`, or with folds either.
        confidence: one minus the level of all tests together.
    """
    level = (1 - confidence) / size.comparisons
    if isinstance(noise, FoldNoise) or size.folds:
        return _over_folds(noise, size, level)
    return _over_seeds(noise, size, level)


def _over_seeds(noise: Noise, size: Size, level: float) -> float:
    """Without folds: the standard error and its degrees of freedom are those that `contrasts.py` finds on average."""
    texts = noise.texts**2 / size.rows
    repeats = 2 * noise.of_runs(size.rows) * _larger(size.seeds - 1, size.settings) / size.seeds
    freedom = size.settings * (size.seeds - 1) * (1 + texts / repeats) ** 2 if repeats else NORMAL
    return math.sqrt(texts + repeats) * errors_to_find(freedom, level)


def _larger(freedom: int, settings: int) -> float:
    """How many times a true variance the larger one of its estimate and of the pooled estimate is, on average.

    An estimate X of the variance 1 with so many degrees of freedom has E[max(X, 1)] = 1 + a^a e^-a / Γ(a + 1) with a = freedom / 2, by the
    distribution of chi squared. The pooled estimate holds X, too, which brings them closer to each other by the root of 1 - 1 / settings.
    """
    half = freedom / 2
    return 1 + math.sqrt(1 - 1 / settings) * math.exp(half * math.log(half) - half - math.lgamma(half + 1))


def _over_folds(noise: Noise | FoldNoise, size: Size, level: float) -> float:
    """With folds: a difference's own variance has a degree of freedom less than there are folds, and counts where the pooled one is smaller."""
    freedom = size.folds - 1
    error = math.sqrt(noise.over_folds(size) * (1 / size.folds + 1 / freedom))
    own, pooled = (quantile(times * freedom, level) for times in (1, size.settings - 1))
    is_own = size.settings == 2  # then both are the same
    return error * _largest(
        lambda shift: _exceeds(lambda root: own * root if root > 1 or is_own else pooled, shift, freedom) < POWER
    )


def errors_to_find(freedom: float, level: float) -> float:
    """How many standard errors large a true difference is that a two-sided t test at this level finds with probability `POWER`."""
    threshold = quantile(freedom, level)
    return _largest(lambda shift: _exceeds(lambda root: threshold * root, shift, freedom) < POWER)


def quantile(freedom: float, level: float) -> float:
    """The value that a t variable exceeds with half this probability."""
    return _largest(lambda value: _exceeds(lambda root: value * root, 0.0, freedom) > level / 2)


def _exceeds(threshold: Callable[[float], float], shift: float, freedom: float) -> float:
    """The probability that a normal variable with mean `shift` exceeds a function of the root of chi squared by its degrees of freedom.

    With a multiple of the root it is the probability that a noncentral t variable exceeds that multiple. The integral over the root goes
    over its logarithm, where all is smooth.
    """
    freedom = min(freedom, NORMAL)
    width = 8 / math.sqrt(2 * freedom)
    low, high = -max(25 / freedom, width), min(2.5, width)
    found = total = 0.0
    for step in range(STEPS + 1):
        place = low + (high - low) * step / STEPS
        weight = math.exp(freedom * (place - math.expm1(2 * place) / 2))
        found += weight * math.erfc((threshold(math.exp(place)) - shift) / math.sqrt(2)) / 2
        total += weight
    return found / total


def _largest(holds: Callable[[float], bool]) -> float:
    """The largest number from 0 on of which something holds that holds of all smaller ones, to eleven digits."""
    low, high = 0.0, 1.0
    while holds(high):
        low, high = high, 2 * high
    for _ in range(36):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def seeds_to_test(settings: int) -> int:
    """The fewest seeds of each of as many settings with which differences between them are tested."""
    return 1 + max(1, math.ceil(FEWEST_FREEDOM / settings))
