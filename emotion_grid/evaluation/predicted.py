"""The predictions of a row of the comparison for the texts of a split."""

from pathlib import Path

import numpy as np

from emotion_grid.data.compared import read_compared
from emotion_grid.data.predicted import check_ids


def predicted_for(tables: dict[str, Path], split: str, labels: list[str], ids: list[str]) -> np.ndarray | None:
    """Probabilities (rows, labels) for the texts of a split, in their order; None if one table for all splits has no row of this one.

    Args:
        tables: of predictions by split (`prediction_tables`).
        ids: of the split's texts.

    Raises:
        InputError: a table that cannot be used, lacks texts of the split or, if it is for this split alone, has others.
    """
    path = tables[split]
    found, wanted = read_compared(path, labels), set(ids)
    rows = dict(zip(found.ids, found.probabilities, strict=True))
    own = found.ids
    if list(tables.values()).count(path) > 1:
        own = [id_ for id_ in own if id_ in wanted]
        if not own:
            return None
    check_ids(own, ids, path)
    return np.array([rows[id_] for id_ in ids], dtype=float).reshape(len(ids), len(labels))
