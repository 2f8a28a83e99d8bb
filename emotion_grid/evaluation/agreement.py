"""How far annotators agree: from arrays of their answers, which are 1, 0 or NaN where somebody did not answer.

Krippendorff's alpha for two categories, with answers missing anywhere (Krippendorff, Computing Krippendorff's alpha-reliability, 2011);
Cohen's kappa of two annotators (A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20, 1960).
Resamples are of texts, with all answers to each.
"""

import numpy as np

from emotion_grid.data.scores import f1, known_cells


def alpha(answers: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Krippendorff's alpha of one label in each row of weights, (resamples,); NaN where all answers are alike.

    Args:
        answers: (texts, annotators). A text with a single answer does not count.
        weights: how often each text counts, (resamples, texts).
    """
    count, given = (~np.isnan(answers)).sum(1).astype(float), np.nansum(answers, axis=1)
    is_paired = count > 1
    count, given = count * is_paired, given * is_paired
    apart = 2 * given * (count - given) / np.maximum(count - 1, 1)
    total, yes, observed = weights @ count, weights @ given, weights @ apart
    expected = 2 * yes * (total - yes) / np.maximum(total - 1, 1)
    return 1 - np.divide(observed, expected, out=np.full(len(total), np.nan), where=expected > 0)


def pair_agreement(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Texts that two annotators both answered, their share of equal answers, and Cohen's kappa: three times (labels,).

    Share and kappa are NaN where there is no such text, kappa also where both always gave the same single answer.

    Args:
        first, second: (texts, labels).
    """
    both = ~np.isnan(first) & ~np.isnan(second)
    texts = both.sum(0)
    yes, other = (np.where(both, answers, 0).sum(0) for answers in (first, second))
    nothing = np.full(texts.shape, np.nan)
    share = np.divide(((first == second) & both).sum(0), texts, out=nothing.copy(), where=texts > 0)
    chance = np.divide(yes * other + (texts - yes) * (texts - other), texts**2, out=nothing.copy(), where=texts > 0)
    kappa = np.divide(share - chance, 1 - chance, out=nothing, where=chance < 1)
    return texts, share, kappa


def majority_of_others(answers: np.ndarray) -> np.ndarray:
    """What more than half of the others gave, for each annotator, (texts, annotators, labels): 1, 0, or NaN.

    NaN where the annotator did not answer, or the others have no majority: nobody else answered, or as many gave the label as did not.

    Args:
        answers: (texts, annotators, labels).
    """
    known = ~np.isnan(answers)
    given = np.where(known, answers, 0)
    others = known.sum(1, keepdims=True) - known
    yes = given.sum(1, keepdims=True) - given
    return np.where(known & (2 * yes != others), (2 * yes > others).astype(float), np.nan)


def macro_f1_against(references: np.ndarray, given: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Macro-F1 in each row of weights, (resamples,), every pair of a text and an annotator counted alike; NaN if there is no pair.

    Args:
        references: of `majority_of_others`, (texts, annotators, labels).
        given: bool, the same shape, or (texts, 1, labels): labels that are scored against each annotator's reference.
        weights: how often each text counts, (resamples, texts).
    """
    gold, given, known = known_cells(references, given)
    if not known.any():
        return np.full(len(weights), np.nan)
    hits, predicted, wanted = (weights @ part.sum(1).astype(np.float32) for part in (gold & given, given, gold))
    return f1(hits, predicted, wanted)[:, known.any((0, 1))].mean(1)


def basic_interval(samples: np.ndarray, confidence: float, least: float = 0.0) -> tuple[float, float]:
    """The basic bootstrap interval of a statistic, which its bias moves (Davison and Hinkley, Bootstrap Methods and their Application, 1997).

    Args:
        samples: its value, and that on each resample.
        least: the smallest value that it can have; the largest is 1.
    """
    low, high = np.nanquantile(samples[1:], [(1 - confidence) / 2, (1 + confidence) / 2])
    return max(least, float(2 * samples[0] - high)), min(1.0, float(2 * samples[0] - low))
