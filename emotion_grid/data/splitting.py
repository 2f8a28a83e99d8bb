"""Validation parts, folds and shares, stratified over label combinations; rows of one text stay together."""

import math

import numpy as np
import pandas as pd

GOLDEN = (math.sqrt(5) - 1) / 2
"""The multiples of the golden ratio, each less its whole part, lie evenly between 0 and 1, however many of them (Knuth, TAOCP 3, 6.4)."""


def stratified_order(table: pd.DataFrame, labels: list[str], seed: int) -> np.ndarray:
    """Row numbers of the first row of each text, shuffled, then sorted by label combination.

    Taking every n-th of them draws each combination in proportion, the rare ones too (systematic sampling). Rows that are annotated for
    the same labels stand together, so that the known rows of a label are drawn in proportion as well.
    """
    first = np.flatnonzero(~table["text"].duplicated())
    shuffled = np.random.default_rng(seed).permutation(first)
    gold = table[labels].to_numpy(dtype=float)[shuffled]
    return shuffled[np.lexsort([*(gold > 0.5).T[::-1], *np.isnan(gold).T[::-1]])]


def spread(table: pd.DataFrame, order: np.ndarray, part_of_position: np.ndarray) -> np.ndarray:
    """The part of every row, given the part of every position in `order`: rows of one text get one part."""
    part_of_text = pd.Series(part_of_position, index=table["text"].to_numpy()[order])
    return part_of_text.loc[table["text"]].to_numpy()


def fold_numbers(table: pd.DataFrame, labels: list[str], folds: int, seed: int) -> np.ndarray:
    """The fold (1 to `folds`) in which each row is held out, (rows,)."""
    order = stratified_order(table, labels, seed)
    return spread(table, order, np.arange(len(order)) % folds + 1)


def validation_rows(table: pd.DataFrame, labels: list[str], share: float, seed: int) -> np.ndarray:
    """Which rows are set aside for validation, bool, (rows,)."""
    order = stratified_order(table, labels, seed)
    start = np.random.default_rng([seed, 1]).random()
    steps = np.floor(np.arange(len(order) + 1) * share + start)
    return spread(table, order, np.diff(steps) > 0)


def share_rows(table: pd.DataFrame, labels: list[str], share: float, seed: int) -> np.ndarray:
    """Which rows are among a share of the rows, bool, (rows,); those of a smaller share are among those of a larger one.

    Texts get evenly spaced keys in their stratified order, and the lowest keys are taken: so each combination is drawn in proportion.
    """
    order = stratified_order(table, labels, seed)
    keys = (np.arange(len(order)) * GOLDEN + np.random.default_rng([seed, 2]).random()) % 1
    return spread(table, order, keys.argsort().argsort() < max(1, round(share * len(order))))
