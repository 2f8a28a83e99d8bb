"""Which intervals a reader can trust: a score of few texts has none, nor has one that every resample gives again."""

from emotion_grid.evaluation.results import ALIKE

FEWEST = 10
"""Texts below which a bootstrap interval says nothing: their resamples are too much alike."""


def with_trusted_interval(row: dict, texts: int) -> dict:
    """A score's row with `texts` and `caution`: why it has no interval (`low` and `high` are None then), or nothing.

    A bootstrap of three texts that are all right gives 1.000 to 1.000. That is no certainty: it is too little to know.

    Args:
        row: `value`, `low`, `high`.
        texts: how many texts the score was counted on.
    """
    if row["value"] is None or row["low"] is None or row["high"] is None:
        caution = ""
    elif texts < FEWEST:
        caution = f"{texts} text{'s' if texts != 1 else ''}: too few for an interval"
    elif row["low"] == row["high"]:
        caution = ALIKE
    else:
        return {**row, "texts": texts, "caution": ""}
    return {**row, "texts": texts, "low": None, "high": None, "caution": caution}
