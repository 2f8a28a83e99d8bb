"""How often the intervals of scores hold the true score, on simulated predictions of few texts and rare labels."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from tqdm import tqdm

from emotion_grid.data.scores import f1
from emotion_grid.evaluation.metrics import score
from emotion_grid.evaluation.resampling import resampled_macro_f1
from emotion_grid.evaluation.simulation import RARE_LABELS, USUAL_LABELS, predictions, signal_of

CONFIDENCE = 0.95

SHARES = {
    "12 to 58 %": USUAL_LABELS,
    "2 to 30 %": RARE_LABELS,
    "3 to 8 %": (0.03, 0.04, 0.05, 0.06, 0.08),
    "2 %": (0.02,) * 5,
    "5 % (28 labels)": (0.05,) * 28,
}
"""Shares of the texts that have each label, by what they are called."""


@dataclass(frozen=True)
class Case:
    """What simulated predictions are like: shares of labels (a key of `SHARES`), number of texts, true macro-F1."""

    labels: str
    texts: int
    macro_f1: float


@dataclass(frozen=True)
class Coverage:
    """How often intervals held the true score; NaN where there was no interval.

    Attributes:
        given: share of the simulated splits whose macro-F1 has an interval.
        macro_f1: share of these intervals that hold the true macro-F1.
        width: their mean width.
        percentiles: the same share for percentiles of the bootstrap, in all splits.
        labels: share of the intervals of labels' F1 that hold the true F1.
    """

    given: float
    macro_f1: float
    width: float
    percentiles: float
    labels: float


def cases() -> list[Case]:
    """The cases that are simulated; those of many labels take longest."""
    return [Case(labels, texts, level) for labels in SHARES for texts in (115, 300) for level in (0.4, 0.7, 0.9)]


def true_scores(level: float, shares: tuple[float, ...]) -> np.ndarray:
    """F1 of each label, (labels,), on endless texts."""
    hit, share = norm.cdf(signal_of(np.array([level]), shares)), np.array(shares)
    return f1(share * hit, share * hit + (1 - share) * (1 - hit), share)


def coverage(case: Case, splits: int, bootstrap: int, seed: int) -> Coverage:
    """Simulate predictions of as many splits and compare their intervals with the truth."""
    random, shares = np.random.default_rng(seed), SHARES[case.labels]
    truth = true_scores(case.macro_f1, shares)
    names = [str(number) for number in range(len(shares))]
    of_macro, widths, plain, of_labels = [], [], [], []
    for _ in range(splits):
        gold = random.random((case.texts, len(shares))) < shares
        predicted = predictions(np.array([case.macro_f1]), np.array([0]), gold, shares, random)[0]
        samples = resampled_macro_f1(gold, predicted, bootstrap)[1:]
        low, high = np.quantile(samples, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        plain.append(_holds(low, high, truth.mean()))
        rows = score(
            predicted.astype(float), gold.astype(float), np.full(len(shares), 0.5), names, bootstrap, CONFIDENCE
        )
        for row in rows:
            if row["low"] is not None and row["metric"] == "macro_f1":
                of_macro.append(_holds(row["low"], row["high"], truth.mean()))
                widths.append(row["high"] - row["low"])
            elif row["low"] is not None and row["metric"] == "f1":
                of_labels.append(_holds(row["low"], row["high"], truth[int(row["label"])]))
    return Coverage(len(of_macro) / splits, *(_mean(part) for part in (of_macro, widths, plain, of_labels)))


def _holds(low: float, high: float, truth: float) -> bool:
    return bool(low <= truth <= high)


def _mean(values: list) -> float:
    return float(np.mean(values)) if values else np.nan


def check_intervals(chosen: list[Case], splits: int, bootstrap: int, processes: int) -> list[Coverage]:
    """The coverage of every case; many labels get fewer splits, since each takes longer."""
    counts = [max(splits * 5 // max(len(SHARES[case.labels]), 5), 100) for case in chosen]
    with ProcessPoolExecutor(processes) as pool:
        calls = pool.map(coverage, chosen, counts, [bootstrap] * len(chosen), range(len(chosen)))
        return list(tqdm(calls, total=len(chosen), unit="case", disable=None))


def interval_table(chosen: list[Case], found: list[Coverage]) -> str:
    """The table of all cases in Markdown."""
    titles = [
        "labels' share of the texts",
        "texts",
        "true macro-F1",
        "macro-F1 has an interval",
        "it holds the truth",
        "its width",
    ]
    titles += ["bootstrap percentiles hold it", "intervals of labels' F1 hold it"]
    lines = [titles, ["---", *(["---:"] * (len(titles) - 1))]]
    for case, one in zip(chosen, found, strict=True):
        shares = (one.given, one.macro_f1, one.width, one.percentiles, one.labels)
        cells = ["none" if np.isnan(share) else f"{share:.3f}" for share in shares]
        lines.append([case.labels, str(case.texts), f"{case.macro_f1:g}", *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
