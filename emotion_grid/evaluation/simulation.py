"""Simulated studies whose true differences are known, to check how often verdicts on them are right.

Texts have gold labels, and runs predict them with errors of three kinds: from what all settings find difficult about a text, from what
one setting does, and from what one run does. How good a run truly is (its macro-F1 on endlessly many texts) is the level of its setting
plus the luck of its seed, of its fold and of its training rows. Scores and resamples are computed by the functions that judge a study.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from emotion_grid.data.scores import f1
from emotion_grid.evaluation.contrasts import Scored
from emotion_grid.evaluation.resampling import label_counts, resamples

LEVEL = 0.70
"""The true macro-F1 of a setting."""

VALIDATION_ERROR = 0.025
"""Standard error of a run's score on validation, from its texts: that of a macro-F1 of 0.7 on about 280 texts."""

SHARED, OWN = 0.5, 0.3
"""Parts of the variance of a run's errors that all settings share and that the runs of a setting share; the rest is the run's own."""

USUAL_LABELS = (0.12, 0.24, 0.30, 0.32, 0.58)
RARE_LABELS = (0.02, 0.03, 0.05, 0.08, 0.30)
"""Shares of the texts that have each label."""


@dataclass(frozen=True)
class Design:
    """What a simulated study is like; noise and luck are standard deviations of the true macro-F1.

    Attributes:
        settings: number of settings.
        seeds: runs of each setting, in each fold where there are folds.
        folds: folds of a cross-validation; 0 is a dev split.
        rows: texts that the settings are compared on, all folds together.
        noise: luck of a seed, of each setting; settings take turns through these values.
        fold_luck: luck of a setting in a fold, the same for all its seeds.
        training_luck: luck of a setting with its training rows; of two folds, as many of these rows are the same as in a cross-validation.
        missing: every second setting lacks as many of its seeds.
        labels: share of the texts with each label.
    """

    settings: int = 4
    seeds: int = 3
    folds: int = 0
    rows: int = 2764
    noise: tuple[float, ...] = (0.01,)
    fold_luck: float = 0.0
    training_luck: float = 0.0
    missing: int = 0
    labels: tuple[float, ...] = USUAL_LABELS


@dataclass(frozen=True)
class Simulated:
    """A simulated study.

    Attributes:
        scored: its runs and their scores; settings have the numbers from 0.
        selected: the setting with the best mean score on validation.
    """

    scored: Scored
    selected: int


def simulate(design: Design, studies: int, bootstrap: int, seed: int) -> Iterator[Simulated]:
    """Independent studies of a design.

    Args:
        studies: how many.
        bootstrap: resamples of the texts.
        seed: of the random numbers.
    """
    random = np.random.default_rng(seed)
    rows = _runs(design)
    for _ in range(studies):
        truth = _true_scores(design, rows, random)
        scores = np.empty((len(rows), 1 + bootstrap))
        for members, texts in _judged_together(design, rows):
            settings = rows["setting"].to_numpy()[members]
            scores[members] = _scores(truth[members], settings, texts, design.labels, bootstrap, random)
        validation = truth + random.normal(size=len(rows)) * VALIDATION_ERROR
        means = np.bincount(rows["setting"], validation) / np.bincount(rows["setting"])
        yield Simulated(Scored(rows, scores, design.rows), int(means.argmax()))


def _runs(design: Design) -> pd.DataFrame:
    """A row for each run: `kind`, `setting`, `fold`, `seed`."""
    return pd.DataFrame(
        [
            {"kind": "run", "setting": setting, "fold": str(fold) if design.folds else "", "seed": seed}
            for setting in range(design.settings)
            for fold in range(design.folds or 1)
            for seed in range(design.seeds - design.missing * (setting % 2))
        ]
    )


def _judged_together(design: Design, rows: pd.DataFrame) -> list[tuple[np.ndarray, int]]:
    """The runs that are scored on the same texts, and the number of these texts."""
    folds = rows["fold"].unique()
    return [((rows["fold"] == fold).to_numpy(), design.rows // len(folds)) for fold in folds]


def _true_scores(design: Design, rows: pd.DataFrame, random: np.random.Generator) -> np.ndarray:
    """How good each run truly is: (runs,)."""
    settings, folds = rows["setting"].to_numpy(), pd.factorize(rows["fold"])[0]
    noise = np.resize(design.noise, design.settings)[settings]
    fold_luck = random.normal(size=(design.settings, folds.max() + 1)) * design.fold_luck
    training_luck = _training_luck(design, random)
    luck = noise * random.normal(size=len(rows)) + (fold_luck + training_luck)[settings, folds]
    return LEVEL + luck


def _training_luck(design: Design, random: np.random.Generator) -> np.ndarray:
    """Luck with the training rows, (settings, folds): each fold's training rows are all folds but it, each with its own luck."""
    parts = max(design.folds, 1)
    luck = random.normal(size=(design.settings, parts)) * design.training_luck
    return luck if parts == 1 else (luck.sum(1, keepdims=True) - luck) / np.sqrt(parts - 1)


def _scores(
    truth: np.ndarray,
    settings: np.ndarray,
    texts: int,
    labels: tuple[float, ...],
    bootstrap: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Macro-F1 of runs on the same texts and on resamples of them, (runs, 1 + bootstrap)."""
    gold = random.random((texts, len(labels))) < labels
    predicted = predictions(truth, settings, gold, labels, random)
    runs = len(truth)
    weights = np.concatenate([np.ones((1, texts), dtype=np.float32), resamples(texts, bootstrap)])
    flat = predicted.transpose(1, 0, 2).reshape(texts, -1)
    counts = label_counts(np.tile(gold, (1, runs)), flat, weights)
    return f1(*counts).reshape(-1, runs, len(labels)).mean(2).T


def predictions(
    truth: np.ndarray, settings: np.ndarray, gold: np.ndarray, labels: tuple[float, ...], random: np.random.Generator
) -> np.ndarray:
    """Predicted labels of runs whose true macro-F1 is `truth`: bool, (runs, texts, labels).

    Args:
        truth, settings: (runs,).
        gold: bool, (texts, labels).
    """
    sizes = (gold.shape, (settings.max() + 1, *gold.shape), (len(truth), *gold.shape))
    shared, own, errors = (random.standard_normal(size, dtype=np.float32) for size in sizes)
    errors *= np.float32(np.sqrt(1 - SHARED - OWN))
    errors += (np.float32(np.sqrt(OWN)) * own + np.float32(np.sqrt(SHARED)) * shared)[settings]
    signal = signal_of(truth, labels).astype(np.float32)[:, None, None]
    return np.where(gold, errors > -signal, errors > signal)


def signal_of(macro_f1: np.ndarray, labels: tuple[float, ...]) -> np.ndarray:
    """The distance of a label's logits from 0, in standard deviations of their errors, that gives this macro-F1 on endless texts."""
    signals, of_signal = _levels(labels)
    return np.interp(macro_f1, of_signal, signals)


@functools.lru_cache
def _levels(labels: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Signals, and the macro-F1 on endless texts that each gives."""
    signals = np.linspace(-0.5, 4.5, 2001)
    hit, share = norm.cdf(signals)[:, None], np.array(labels)
    of_signal = f1(share * hit, share * hit + (1 - share) * (1 - hit), np.broadcast_to(share, (2001, len(labels))))
    return signals, of_signal.mean(1)
