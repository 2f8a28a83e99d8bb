"""Mistakes of a run: by label, with the most confidence, and in groups of texts.

A label that a text is not annotated for is neither right nor wrong there: it does not count.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from emotion_grid.base.integrity import expect_whole
from emotion_grid.base.layout import CHECKS, data_folder
from emotion_grid.data.splits import PROVENANCE, predictions_file
from emotion_grid.data.tables import has_gold, match, read_predictions, read_split
from emotion_grid.evaluation.intervals import mean_f1_interval, too_few, wilson
from emotion_grid.evaluation.resampling import annotated, resampled_macro_f1
from emotion_grid.evaluation.results import Results, folder_of
from emotion_grid.evaluation.thresholds import THRESHOLD_COLUMNS, thresholds_from

MOST_MISTAKES = 12
"""Texts to show of each kind of mistake."""


@dataclass(frozen=True)
class Predicted:
    """A run's predictions on a labelled split.

    Attributes:
        table: `id` and `text` of each row.
        annotation: 0, 1 or NaN (unknown), (rows, labels).
        probabilities: (rows, labels).
        thresholds: (labels,).
        gold, predicted: which of the known labels are gold, and which are predicted; bool, (rows, labels).
        known: which labels are known, bool, (rows, labels).
    """

    table: pd.DataFrame
    labels: list[str]
    annotation: np.ndarray
    probabilities: np.ndarray
    thresholds: np.ndarray

    @property
    def gold(self) -> np.ndarray:
        return self.annotation > 0.5

    @property
    def predicted(self) -> np.ndarray:
        return (self.probabilities >= self.thresholds) & self.known

    @property
    def known(self) -> np.ndarray:
        return ~np.isnan(self.annotation)


def read_predicted(results: Results, run: str) -> Predicted:
    """A run's predictions on the split on which settings are compared, for the texts that are annotated for some label."""
    labels, row = results.plan["labels"], results.summary.set_index("run").loc[run]
    data = next(entry["data"] for entry in results.plan["rows"] if entry["run"] == run)
    gold = data_folder(results.home, data)
    expect_whole({gold / CHECKS: None, folder_of(results, run) / PROVENANCE: None})
    table = read_split(gold / f"{results.judge}.csv")
    assert has_gold(table), "a judge has gold labels"
    path = predictions_file(folder_of(results, run), results.judge)
    probabilities = match(read_predictions(path, labels), table, str(path))
    some = table[labels].notna().any(axis=1).to_numpy()
    return Predicted(
        table.loc[some, ["id", "text"]],
        labels,
        table.loc[some, labels].to_numpy(),
        probabilities[some],
        thresholds_from(row[THRESHOLD_COLUMNS[results.judge]], labels),
    )


def confusion(predictions: Predicted) -> list[dict]:
    """Each label's texts: correctly predicted, missed, wrongly predicted, correctly not predicted."""
    gold, predicted, known = predictions.gold, predictions.predicted, predictions.known
    counts = {
        "right": (gold & predicted).sum(0),
        "missed": (gold & ~predicted).sum(0),
        "wrong": (~gold & predicted).sum(0),
        "left_out": (known & ~gold & ~predicted).sum(0),
    }
    return [
        {"label": label, **{name: int(values[column]) for name, values in counts.items()}}
        for column, label in enumerate(predictions.labels)
    ]


def together(predictions: Predicted) -> list[dict]:
    """How often two labels occur together, among gold and predicted ones.

    Returns:
        Rows with `kind`, `label`, `other`, `texts` with both and their `share` of the texts with `label` that are annotated for `other`.
    """
    rows = []
    for kind, matrix in (("gold", predictions.gold), ("predicted", predictions.predicted)):
        counts, of = (matrix.astype(int).T @ part.astype(int) for part in (matrix, predictions.known))
        for i, label in enumerate(predictions.labels):
            for j, other in enumerate(predictions.labels):
                if i != j:
                    share = counts[i, j] / of[i, j] if of[i, j] else None
                    rows.append(
                        {"kind": kind, "label": label, "other": other, "texts": int(counts[i, j]), "share": share}
                    )
    return rows


def mistakes(predictions: Predicted, kind: str) -> list[dict]:
    """The texts that are wrong with the most confidence: a gold label that was `missed`, or a predicted one that is `wrong`."""
    wrong = predictions.gold & ~predictions.predicted if kind == "missed" else ~predictions.gold & predictions.predicted
    distance = np.abs(_logits(predictions.probabilities) - _logits(predictions.thresholds))
    places = np.argwhere(wrong)
    order = np.argsort(-distance[wrong], kind="stable")[:MOST_MISTAKES]
    return [
        {
            "id": predictions.table["id"].iat[row],
            "text": predictions.table["text"].iat[row],
            "label": predictions.labels[column],
            "probability": float(predictions.probabilities[row, column]),
            "gold": [predictions.labels[i] for i in np.flatnonzero(predictions.gold[row])],
            "predicted": [predictions.labels[i] for i in np.flatnonzero(predictions.predicted[row])],
        }
        for row, column in places[order]
    ]


def _logits(probabilities: np.ndarray) -> np.ndarray:
    safe = np.clip(probabilities, 1e-9, 1 - 1e-9)
    return np.log(safe / (1 - safe))


def by_length(predictions: Predicted, bootstrap: int, confidence: float) -> list[dict]:
    """Macro-F1 of texts in four groups of about the same number, short to long, in words between white space.

    Args:
        bootstrap: resamples that tell the bias of few texts.
        confidence: coverage of the intervals.
    """
    words = predictions.table["text"].str.split().str.len().to_numpy()
    edges = np.unique(np.quantile(words, [0.25, 0.5, 0.75], method="lower"))
    group, rows = np.searchsorted(edges, words, side="left"), []
    for number in np.unique(group):
        chosen = group == number
        annotation, predicted = annotated(predictions.annotation[chosen], predictions.predicted[chosen])
        scores, gold = resampled_macro_f1(annotation, predicted, bootstrap), annotation > 0.5
        shares = np.full(gold.shape[1], 1 / gold.shape[1])
        interval = mean_f1_interval(gold, predicted, shares, float(scores[1:].mean() - scores[0]), confidence)
        caution = too_few(gold.sum(0).mean(), "positives of a label")
        name = f"{_range(words[chosen].min(), words[chosen].max())} words"
        rows.append(_with_interval(name, int(chosen.sum()), scores[0], interval, caution))
    return rows


def by_count(predictions: Predicted, confidence: float) -> list[dict]:
    """Share of texts with all labels right that they are annotated for, by how many gold labels they have."""
    counts, right = predictions.gold.sum(1), (predictions.gold == predictions.predicted).all(1)
    rows = []
    for number in np.unique(counts):
        chosen = right[counts == number]
        interval = wilson(chosen.sum(), np.array(len(chosen)), confidence)
        name = f"{number} label{'s' if number != 1 else ''}"
        rows.append(_with_interval(name, len(chosen), chosen.mean(), interval, too_few(len(chosen), "texts")))
    return rows


def _range(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low}–{high}"


def _with_interval(name: str, texts: int, value: float, interval: tuple, caution: str) -> dict:
    low, high = (None, None) if caution else (float(edge) for edge in interval)
    found = {"value": float(value), "low": low, "high": high, "caution": caution}
    return {"label": f"{name} ({texts})", "texts": texts, **found}
