"""Questions for a language model: a request for each text, in the form of the OpenAI API's chat completions."""

import json
from dataclasses import dataclass
from typing import Any

from emotion_grid.asking.examples import Example
from emotion_grid.asking.prompt import Prompt
from emotion_grid.base.digests import digest
from emotion_grid.base.prompts import prompted

SLACK = 64
"""Tokens of an answer beyond the bytes of its JSON: white space, a code block around it."""


@dataclass(frozen=True)
class Question:
    """A request, by the digest of all that it says: what was asked once is not asked again."""

    key: str
    request: dict[str, Any]


def make_question(request: dict[str, Any]) -> Question:
    """A request with its digest."""
    return Question(digest(request), request)


def ask_for_labels(
    model: str, prompt: Prompt, labels: list[str], parameters: dict[str, Any], text: str, examples: list[Example]
) -> Question:
    """The question which labels a text has.

    Args:
        model: its name at the endpoint.
        parameters: of the request.
        examples: shown before the text, as if the model had answered them.
    """
    messages = [{"role": "system", "content": prompt.task_for(labels)}]
    for shown, said in examples:
        messages += [_turn(prompt, shown), {"role": "assistant", "content": json.dumps(said, ensure_ascii=False)}]
    return make_question({"model": model, "messages": [*messages, _turn(prompt, text)], **parameters})


def _turn(prompt: Prompt, text: str) -> dict[str, str]:
    return {"role": "user", "content": prompted(prompt.text, text)}


def parameters_of(labels: list[str], seed: int, own: dict[str, Any]) -> dict[str, Any]:
    """The parameters of requests: the likeliest answer, in the form that is read, with the probabilities of its tokens.

    Args:
        own: what stands over these; a parameter that is None is left out.
    """
    longest = json.dumps(dict.fromkeys(labels, False))
    usual = {
        "temperature": 0,
        "seed": seed,
        "max_tokens": len(longest.encode()) + SLACK,
        "logprobs": True,
        "top_logprobs": 5,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "labels", "strict": True, "schema": answer_schema(labels)},
        },
    }
    return {name: value for name, value in {**usual, **own}.items() if value is not None}


def answer_schema(labels: list[str]) -> dict[str, Any]:
    """The JSON schema of an answer."""
    return {
        "type": "object",
        "properties": {label: {"type": "boolean"} for label in labels},
        "required": labels,
        "additionalProperties": False,
    }
