"""Texts, JSON and predictions that several test files draw at random."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from emotion_grid.evaluation.mistakes import Predicted
from testing.made import HOSTILE

LABELS = ["anger", "fear", "joy"]


def predicted(seed: int, rows: int = 50, unknown: float = 0.0) -> Predicted:
    """Random predictions of three labels for texts of many lengths; the higher, the likelier the label is gold.

    Args:
        unknown: share of the gold labels that are NaN; of fear all are, if it is above 0.
    """
    random = np.random.default_rng(seed)
    gold = (random.random((rows, 3)) < 0.4).astype(float)
    texts = [" ".join(["word"] * random.integers(1, 30)) for _ in range(rows)]
    table = pd.DataFrame({"id": [f"t{number}" for number in range(rows)], "text": texts})
    probabilities = np.clip(0.4 * gold + 0.7 * random.random((rows, 3)), 0, 1)
    if unknown:
        gold[random.random(gold.shape) < unknown], gold[:, 1], gold[0, 0] = np.nan, np.nan, 1
        gold[np.isnan(gold).all(1), 0] = 0
    return Predicted(table, LABELS, gold, probabilities, np.array([0.5, 0.4, 0.6]))


ANY = st.text() | st.sampled_from(HOSTILE)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def random_case(
    seed: int, rows: int, labels: int, digits: int = 2, unknown: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities with ties, gold of labels that are rare or frequent, a threshold for each label.

    Args:
        unknown: share of the gold labels that are NaN.
    """
    random = np.random.default_rng(seed)
    gold = (random.random((rows, labels)) < random.uniform(0, 1, labels) ** 2).astype(float)
    probabilities = np.clip(0.5 * gold + random.random((rows, labels)) * 0.7 - 0.1, 0, 1).round(digits)
    thresholds = random.choice([0.2, 0.35, 0.5, 0.8], labels)
    return probabilities, np.where(random.random(gold.shape) < unknown, np.nan, gold), thresholds
