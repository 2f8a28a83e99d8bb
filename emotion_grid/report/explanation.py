"""The page that explains a run's predictions word by word."""

from typing import Any

import numpy as np
import pandas as pd

from emotion_grid.explanation.words import Explained, contributions, misleading_words, pushing_words
from emotion_grid.report.cells import one_line
from emotion_grid.report.page import render

MOST_NUMBERS = 5
"""Words of a text whose contributions stand below it as numbers, for readers who cannot point at a word."""


def page(run: str, explained: Explained) -> str:
    """The page of explanations.

    Args:
        run: the run's name.
        explained: the texts with their explanations.
    """
    texts, explanations, labels = explained.texts, explained.explanations, explained.labels
    probabilities = explained.probabilities
    gold, predicted = texts[labels].to_numpy() > 0.5, probabilities >= explained.thresholds
    table = contributions(texts, explanations, labels)
    drawn = table[table["id"].isin(texts.loc[texts["drawn"], "id"])]
    least = 3 if len(texts) >= 50 else 2
    ids = list(texts["id"])
    wrong = {
        kind: {(ids[row], labels[column]) for row, column in np.argwhere(mask)}
        for kind, mask in (("missed", gold & ~predicted), ("wrongly", ~gold & predicted))
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
        missed=misleading_words(table, wrong["missed"], -1),
        wrongly=misleading_words(table, wrong["wrongly"], 1),
        texts=[
            _text(texts.iloc[row], explanations[row], probabilities[row], gold[row], predicted[row], labels)
            for row in np.argsort(~(gold != predicted).any(1), kind="stable")
        ],
    )


def _text(
    row: pd.Series, one: Any, probabilities: np.ndarray, gold: np.ndarray, predicted: np.ndarray, labels: list[str]
) -> dict:
    """A text on the page: its words once for every gold or predicted label, or for the most probable label if there is none."""
    shown = np.flatnonzero(gold | predicted).tolist() or [int(np.argmax(probabilities))]
    kinds = {
        (True, True): "correct",
        (True, False): "missed",
        (False, True): "wrongly predicted",
        (False, False): "correctly not predicted",
    }
    return {
        "id": row["id"],
        "labels": [
            {
                "label": labels[column],
                "prediction": kinds[bool(gold[column]), bool(predicted[column])],
                "probability": float(probabilities[column]),
                "base": float(one.base[column]),
                "logit": float(one.logits[column]),
                "words": _shades(one.words, one.values[:, column]),
                "strongest": _strongest(one.words, one.values[:, column]),
            }
            for column in shown
        ],
    }


def _strongest(words: list[str], values: np.ndarray) -> list[dict]:
    """The words that move the logit most, with their contributions, in the order of their size."""
    order = np.argsort(-np.abs(values), kind="stable")[:MOST_NUMBERS]
    return [{"word": one_line(words[place]) or "·", "value": float(values[place])} for place in order]


def _shades(words: list[str], values: np.ndarray) -> list[dict]:
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
