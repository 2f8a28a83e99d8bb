"""The page that explains a run's predictions word by word."""

from typing import Any

import numpy as np
import pandas as pd

from emotion_grid.explanation.words import Explained, contributions, misleading_words, pushing_words
from emotion_grid.report.cells import one_line
from emotion_grid.report.page import render

MOST_NUMBERS = 5
"""Words of a text whose contributions stand below it as numbers, for readers who cannot point at a word."""


MISSED, WRONG = "missed", "wrongly predicted"
LEFT_OUT, UNKNOWN = "correctly not predicted", "not annotated"
"""What becomes of a label: the two mistakes, and what is not shown."""


def page(run: str, explained: Explained) -> str:
    """The page of explanations.

    Args:
        run: the run's name.
        explained: the texts with their explanations.
    """
    texts, explanations, labels = explained.texts, explained.explanations, explained.labels
    probabilities = explained.probabilities
    kinds = _kinds(explained.gold, probabilities >= explained.thresholds)
    table = contributions(texts, explanations, labels)
    drawn = table[table["id"].isin(texts.loc[texts["drawn"], "id"])]
    least = 3 if len(texts) >= 50 else 2
    ids = list(texts["id"])
    wrong = {
        kind: {(ids[row], labels[column]) for row, column in np.argwhere(kinds == kind)} for kind in (MISSED, WRONG)
    }
    return render(
        "explanation.html.j2",
        "report.js",
        title=run,
        judge=explained.judge,
        labels=labels,
        drawn=int(texts["drawn"].sum()),
        count=len(texts),
        least=least,
        words=pushing_words(drawn, least),
        missed=misleading_words(table, wrong[MISSED], -1),
        wrongly=misleading_words(table, wrong[WRONG], 1),
        texts=[
            _text(texts.iloc[row], explanations[row], probabilities[row], kinds[row], labels)
            for row in np.argsort(~np.isin(kinds, (MISSED, WRONG)).any(1), kind="stable")
        ],
    )


def _kinds(gold: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """What became of each label of each text, in words, (texts, labels).

    Args:
        gold: 0, 1 or NaN (unknown), (texts, labels).
        predicted: bool, (texts, labels).
    """
    unknown = np.where(predicted, "predicted, not annotated", UNKNOWN)
    known = np.where(gold > 0.5, np.where(predicted, "correct", MISSED), np.where(predicted, WRONG, LEFT_OUT))
    return np.where(np.isnan(gold), unknown, known)


def _text(row: pd.Series, one: Any, probabilities: np.ndarray, kinds: np.ndarray, labels: list[str]) -> dict:
    """A text on the page: its words once for every gold or predicted label, or for the most probable label if there is none.

    Args:
        kinds: what became of each label, (labels,).
    """
    shown = np.flatnonzero(~np.isin(kinds, (LEFT_OUT, UNKNOWN))).tolist() or [int(np.argmax(probabilities))]
    return {
        "id": row["id"],
        "labels": [
            {
                "label": labels[column],
                "prediction": str(kinds[column]),
                "probability": float(probabilities[column]),
                "base": float(one.base[column]),
                "logit": float(one.logits[column]),
                "words": shades(one.words, one.values[:, column]),
                "strongest": strongest(one.words, one.values[:, column]),
            }
            for column in shown
        ],
    }


def strongest(words: list[str], values: np.ndarray) -> list[dict]:
    """The words that move the logit most, with their contributions, in the order of their size."""
    order = np.argsort(-np.abs(values), kind="stable")[:MOST_NUMBERS]
    return [{"word": one_line(words[place]) or "·", "value": float(values[place])} for place in order]


def shades(words: list[str], values: np.ndarray) -> list[dict]:
    """Words with a class of colour: up or down in four steps, relative to the text's strongest word."""
    top = np.abs(values).max(initial=1e-9)
    return [
        {
            "word": one_line(word) or "·",
            "value": float(value),
            "shade": f"{'up' if value > 0 else 'down'}{step}" if step else "",
        }
        for word, value, step in zip(words, values, np.round(4 * np.abs(values) / top).astype(int), strict=True)
    ]
