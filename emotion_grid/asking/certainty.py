"""How sure a language model is of each label: the probability of `true` in the place where its answer says `true` or `false`."""

import json
import math
import re
from typing import Any

from emotion_grid.asking.reply import Reply

TRUE, FALSE = b"true", b"false"


def probabilities(reply: Reply, labels: list[str], start: int) -> list[float] | None:
    """A probability for each label: that of `true` among `true` and `false`, where its value begins; None if the endpoint gave none.

    Args:
        labels: each of them has `true` or `false` in the reply's content.
        start: where the answer begins in the content, in characters.
    """
    pieces = [_bytes(token) for token in reply.tokens]
    first = b"".join(pieces).rfind(
        _encoded(reply.content)
    )  # what a model thinks aloud may come before, an end mark after
    if first < 0 or not pieces:
        return None
    found = []
    for label in labels:
        place = _value_of(label, reply.content, start)
        truth = None if place is None else _truth(reply.tokens, pieces, first + len(_encoded(reply.content[:place])))
        if truth is None:
            return None
        found.append(truth)
    return found


def _encoded(text: str) -> bytes:
    """A text in UTF-8; half a character, which JSON may hold, is no error."""
    return text.encode("utf-8", "surrogatepass")


def _bytes(token: dict[str, Any]) -> bytes:
    """A token as it stands in the content; one may hold a part of a character."""
    try:
        return bytes(token["bytes"])
    except (KeyError, TypeError, ValueError):
        return _encoded(str(token.get("token", "")))


def _value_of(label: str, content: str, start: int) -> int | None:
    """Where the value of a label begins in an answer, in characters; None if the label is written in another way."""
    for plain in (False, True):
        key = re.escape(json.dumps(label, ensure_ascii=plain))
        if found := re.compile(rf"{key}\s*:\s*").search(content, start):
            return found.end()
    return None


def _truth(tokens: list[dict[str, Any]], pieces: list[bytes], place: int) -> float | None:
    """The probability of `true` at a place, in bytes; None if the tokens do not say."""
    end = 0
    for token, piece in zip(tokens, pieces, strict=True):
        before, end = end, end + len(piece)
        if end > place:
            return _share_of_true(token, piece[: place - before])
    return None


def _share_of_true(token: dict[str, Any], before: bytes) -> float | None:
    """The share of `true` among the tokens that could have stood in a place and begin `true` or `false` after the same bytes."""
    others = token.get("top_logprobs")
    likely = {_bytes(one): one.get("logprob") for one in [*(others if isinstance(others, list) else []), token]}
    weights = {TRUE: 0.0, FALSE: 0.0}
    for piece, log_probability in likely.items():
        rest = piece.removeprefix(before).strip() if piece.startswith(before) else b""
        for value in weights:
            if rest and (value.startswith(rest) or rest.startswith(value)) and isinstance(log_probability, int | float):
                weights[value] += math.exp(min(log_probability, 0.0))
    total = sum(weights.values())
    return weights[TRUE] / total if total > 0 else None
