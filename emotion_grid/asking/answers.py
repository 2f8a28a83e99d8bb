"""From a reply to labels: one JSON object that says true or false of every label, or the reason why there is none."""

import json
import re
from dataclasses import dataclass
from typing import Any

from emotion_grid.asking.certainty import probabilities
from emotion_grid.asking.reply import Reply

REFUSED, CUT, NO_JSON, UNKNOWN, MISSING, NO_TRUTH = (
    "refused",
    "cut off before its end",
    "no JSON object",
    "labels that do not exist",
    "labels missing",
    "other values than true and false",
)
"""Why a reply is no answer."""

THOUGHT = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
"""What models write before their answer, where the endpoint does not take it out."""

FENCE = re.compile(r"\s*```(?:json)?\s*")
"""A code block around an answer."""


@dataclass(frozen=True)
class Answer:
    """What a language model says of a text.

    Attributes:
        probabilities: one for each label; 0 for all of them where there is no answer.
        problem: why there is no answer; empty if there is one.
        weighed: whether the probabilities are those of the model's tokens; otherwise they are 0 and 1.
    """

    probabilities: list[float]
    problem: str = ""
    weighed: bool = False


def read_answer(reply: Reply, labels: list[str]) -> Answer:
    """The answer in a reply."""
    none = [0.0] * len(labels)
    if reply.refusal or reply.finish == "content_filter":
        return Answer(none, REFUSED)
    start = _start(reply.content)
    try:
        pairs, end = _DECODER.raw_decode(reply.content, start)
    except (ValueError, RecursionError):
        return Answer(none, CUT if reply.finish == "length" else NO_JSON)
    if problem := _problem(pairs, labels) or (NO_JSON if _rest(reply.content[end:]) else ""):
        return Answer(none, problem)
    said = dict(pairs)
    weighed = probabilities(reply, labels, start)
    return Answer(weighed or [float(said[label]) for label in labels], weighed=weighed is not None)


class _Pairs(list[Any]):
    """The names and values of a JSON object, in their order."""


_DECODER = json.JSONDecoder(object_pairs_hook=_Pairs)


def _start(content: str) -> int:
    """Where the answer begins: after what the model thought, and inside a code block."""
    start = 0
    for before in (THOUGHT, FENCE):
        if found := before.match(content, start):
            start = found.end()
    return start + len(content[start:]) - len(content[start:].lstrip())


def _rest(content: str) -> str:
    """What stands after an answer, beside the end of a code block."""
    return content.strip().removeprefix("```").strip()


def _problem(pairs: Any, labels: list[str]) -> str:
    """What is wrong with the form of an answer; empty if nothing is."""
    if not isinstance(pairs, _Pairs):
        return NO_JSON
    names = [name for name, _ in pairs]
    if set(names) - set(labels):
        return UNKNOWN
    if set(labels) - set(names) or len(names) > len(
        labels
    ):  # of a label that stands twice, neither value is the answer
        return MISSING if set(labels) - set(names) else NO_JSON
    return "" if all(isinstance(value, bool) for _, value in pairs) else NO_TRUTH
