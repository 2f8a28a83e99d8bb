"""What several models say of one text, averaged: tokenizers may separate its words in different places."""

from collections.abc import Sequence

import numpy as np

from emotion_grid.explanation.shapley import Explanation


def mean_explanation(text: str, members: Sequence[Explanation], weights: Sequence[float]) -> Explanation:
    """The weighted mean of explanations: of the logits, of their bases, and of what words add to them.

    Words of the models that overlap are joined, so that the contributions still sum to the logits: those of `don't` and of `don`, `'` and
    `t` all count for `don't`. A text that one model reads further than another has the words of the one that reads on.

    Args:
        text: what all of them explain.
        members: of the models.
        weights: of the models; they sum to 1.
    """
    spans = [_spans(text, member.words) for member in members]
    joined = _joined(sorted(span for own in spans for span in own))
    ends = np.array([end for _, end in joined])
    values = np.zeros((len(joined), len(members[0].logits)))
    for member, own, weight in zip(members, spans, weights, strict=True):
        for (_, end), value in zip(own, member.values, strict=True):
            values[np.searchsorted(ends, end)] += weight * value
    base, logits = (
        np.tensordot(weights, [getattr(member, name) for member in members], axes=1) for name in ("base", "logits")
    )
    return Explanation([text[start:end].strip() for start, end in joined], values, base, logits)


def _spans(text: str, words: list[str]) -> list[tuple[int, int]]:
    """Where words begin and end in their text, in characters; they stand there in their order."""
    spans: list[tuple[int, int]] = []
    for word in words:
        start = text.index(word, spans[-1][1] if spans else 0)
        spans.append((start, start + len(word)))
    return spans


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in their order, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined
