"""The page on which a model is tried: a form, and what the model says of the text in it."""

from typing import Any

import numpy as np

from emotion_grid.report.explanation import shades, strongest
from emotion_grid.report.page import form_policy, render
from emotion_grid.trying.answers import Answer

POLICY = form_policy()
"""The page's Content-Security-Policy: nothing from outside, and no script at all."""


def form_page(title: str, text: str = "", answer: Answer | None = None, problem: str = "") -> str:
    """The page.

    Args:
        title: what is tried.
        text: what stands in the form.
        answer: what the model says of it.
        problem: why it says nothing.
    """
    labels = _labels(answer) if answer else []
    return render(
        "try.html.j2",
        None,
        title=title,
        policy=POLICY,
        text=text,
        labels=labels,
        explained=answer is not None and answer.explanation is not None,
        is_cut=answer is not None and answer.is_cut,
        problem=problem,
    )


def _labels(answer: Answer) -> list[dict[str, Any]]:
    """The labels, the most probable first; those that are predicted are open, or the most probable if none is."""
    predicted = answer.probabilities >= answer.thresholds
    order = np.argsort(-answer.probabilities, kind="stable")
    return [
        {
            "name": answer.labels[column],
            "probability": float(answer.probabilities[column]),
            "threshold": float(answer.thresholds[column]),
            "predicted": bool(predicted[column]),
            "open": bool(predicted[column] or (not predicted.any() and column == order[0])),
            **_words(answer, column),
        }
        for column in order
    ]


def _words(answer: Answer, column: int) -> dict[str, Any]:
    explanation = answer.explanation
    if explanation is None:
        return {}
    values = explanation.values[:, column]
    return {
        "words": shades(explanation.words, values),
        "strongest": strongest(explanation.words, values),
        "base": float(explanation.base[column]),
        "logit": float(explanation.logits[column]),
    }
