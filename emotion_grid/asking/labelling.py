"""A row of the comparison that a language model answers: a question for each text, and the predictions and counts from its replies.

This module and those that it imports decide what the row predicts; how the endpoint is reached and paid does not.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from emotion_grid.asking.answers import Answer, read_answer
from emotion_grid.asking.examples import nearest_examples
from emotion_grid.asking.prompt import parse_prompt
from emotion_grid.asking.questions import Question, ask_for_labels, parameters_of
from emotion_grid.asking.reply import Reply
from emotion_grid.asking.tokens import Tokens

ASKED = ("model", "prompt", "examples", "seed", "parameters")
"""What a spec says of the questions, beside the labels."""


@dataclass(frozen=True)
class Labelled:
    """What a language model says of a split.

    Attributes:
        probabilities: (texts, labels); 0 for all labels of a text without an answer.
        counts: texts that were `answered`, and of these those `weighed`, with probabilities from tokens; how many were not, by their
            `problems`; the `models` that answered, by their own names; the `tokens` that the replies cost.
    """

    probabilities: np.ndarray
    counts: dict[str, Any]


def questions(spec: dict[str, Any], train: pd.DataFrame, texts: list[str]) -> list[Question]:
    """The question about each text.

    Args:
        spec: of the row.
        train: prepared training rows, of which examples are shown.
    """
    labels, prompt = spec["data"]["labels"], parse_prompt(spec["prompt"])
    parameters = parameters_of(labels, spec["seed"], spec["parameters"])
    return [
        ask_for_labels(spec["model"], prompt, labels, parameters, text, examples)
        for text, examples in zip(
            texts, nearest_examples(train, labels, texts, spec["examples"], spec["seed"]), strict=True
        )
    ]


def labelled(replies: Iterable[Reply], labels: list[str]) -> Labelled:
    """The predictions for a split, and what is to be known of them.

    Args:
        replies: to the question about each text, in the order of the texts.
    """
    replies = list(replies)
    answers = [read_answer(reply, labels) for reply in replies]
    rows = [answer.probabilities for answer in answers]
    return Labelled(np.array(rows, dtype=float).reshape(len(rows), len(labels)), _counts(replies, answers))


def _counts(replies: list[Reply], answers: list[Answer]) -> dict[str, Any]:
    used = sum((reply.used or Tokens() for reply in replies), Tokens())
    return {
        "answered": sum(not answer.problem for answer in answers),
        "weighed": sum(answer.weighed for answer in answers),
        "problems": dict(Counter(answer.problem for answer in answers if answer.problem)),
        "models": sorted({reply.model for reply in replies if reply.model}),
        "tokens": {"input": used.input, "output": used.output},
    }
