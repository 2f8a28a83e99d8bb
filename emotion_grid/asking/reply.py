"""What an endpoint replies: a chat completion in the form of the OpenAI API, read with suspicion."""

import json
from dataclasses import dataclass
from typing import Any

from emotion_grid.asking.tokens import Tokens


@dataclass(frozen=True)
class Reply:
    """A chat completion.

    Attributes:
        content: what the model wrote.
        refusal: why it did not, in its own words; empty if it does not say so.
        finish: why it ended (`stop`, `length`, `content_filter`).
        tokens: each token of the content with its log probability and those of others in its place (`logprobs`); none without them.
        used: the tokens that it cost; None if the endpoint does not say.
        model: the model that answered, by its own name.
    """

    content: str
    refusal: str
    finish: str
    tokens: list[dict[str, Any]]
    used: Tokens | None
    model: str


NO_REPLY = Reply("", "", "", [], None, "")
"""A reply in which there is nothing."""


def parse_reply(raw: str) -> Reply | None:
    """A reply as it came; None if it is no chat completion."""
    try:
        body = json.loads(raw)
        choice = body["choices"][0]
        message = choice["message"]
        content, refusal = message.get("content"), message.get("refusal")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return None
    if not isinstance(content, str | None) or not isinstance(refusal, str | None):
        return None
    return Reply(
        content or "",
        refusal or "",
        _text(choice.get("finish_reason")),
        _tokens(choice.get("logprobs")),
        _used(body.get("usage")),
        _text(body.get("model")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _tokens(logprobs: Any) -> list[dict[str, Any]]:
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    return [token for token in tokens if isinstance(token, dict)] if isinstance(tokens, list) else []


def _used(usage: Any) -> Tokens | None:
    if not isinstance(usage, dict):
        return None
    read, wrote = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if not isinstance(read, int) or not isinstance(wrote, int) or read < 0 or wrote < 0:
        return None
    return Tokens(read, wrote)
