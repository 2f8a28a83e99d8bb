"""Which text of a study each text of the annotators is; with the standard library alone, as planning asks, too."""

import unicodedata
from collections import defaultdict, deque
from collections.abc import Container, Sequence
from dataclasses import dataclass

from emotion_grid.base.messages import InputError
from emotion_grid.data.annotators import Item, Source
from emotion_grid.data.problems import listed

BY_ID, EXACT, FOLDED = "id", "exact", "folded"
"""How a text of the annotators was found in the study: by its id, letter by letter, or by what is left of it (`folded`)."""

UNKNOWN, ALIKE, AGAIN = "not in the study", "like several texts of the study", "stands again"
"""Why a text of the annotators belongs to none of the study."""


@dataclass(frozen=True)
class Match:
    """What became of a text of the annotators.

    Attributes:
        place: of the study's text; None if it belongs to none.
        how: how it was found, or why it belongs to none.
    """

    place: int | None
    how: str


def folded(text: str) -> str:
    """A text without case, accents, punctuation and blanks; compatible characters (NFKD) are one.

    Vowel signs of Indian scripts stay: they are no accents (their combining class is 0).
    """
    return "".join(mark for mark in unicodedata.normalize("NFKD", text.casefold()) if not _is_dropped(mark))


def _is_dropped(mark: str) -> bool:
    kind = unicodedata.category(mark)
    return unicodedata.combining(mark) != 0 or kind[0] in "PZC" or kind == "Sk"


def join(items: list[Item], texts: Sequence[tuple[str, str]], source: Source) -> list[Match]:
    """Which text of the study each text of the annotators is: by id if the file has ids, else by the text, as it is and then `folded`.

    Each text of the study is given away once. A text that is like several different ones when folded is not joined.

    Args:
        texts: ids and cleaned texts of the study.

    Raises:
        InputError: none of them is.
    """
    if source.mapping.id is not None:
        by_id = _Places([id_ for id_, _ in texts])
        matches = [by_id.match(item.id, BY_ID) for item in items]
    else:
        matches = _by_text([source.cleaned(item.text) for item in items], [text for _, text in texts])
    if all(match.place is None for match in matches):
        what = "texts" if source.mapping.id is None else f"ids (column {source.mapping.id})"
        first = [item.text if source.mapping.id is None else item.id for item in items[:3]]
        advice = (
            ""
            if source.mapping.id is None
            else "; without data.annotators.columns.id, texts are joined by what they say"
        )
        raise InputError(
            f"{source.path}: expected answers to texts of the study, found none: of its {len(items):,} {what}, such as {listed(first)}, none "
            f"is among the study's {len(texts):,}{advice}"
        )
    return matches


def _by_text(wanted: list[str], texts: list[str]) -> list[Match]:
    """Matches by texts, all of them cleaned."""
    exact = _Places(texts)
    matches = [exact.match(text, EXACT) for text in wanted]
    forms, alike = [folded(text) for text in texts], defaultdict(set)
    for form, text in zip(forms, texts, strict=True):
        alike[form].add(text)
    near = _Places(forms, {match.place for match in matches})
    for number, text in enumerate(wanted):
        if matches[number].place is None:
            form = folded(text)
            is_clear = form and len(alike.get(form, ())) < 2
            matches[number] = near.match(form, FOLDED) if is_clear else Match(None, ALIKE if form else UNKNOWN)
    return matches


class _Places:
    """Places of the study's texts by a name of each; every place is given away once.

    Args:
        names: of the texts, in their order.
        taken: places that are given away already.
    """

    def __init__(self, names: list[str], taken: Container[int | None] = ()):
        self.free: dict[str, deque[int]] = {name: deque() for name in names}
        for place, name in enumerate(names):
            if place not in taken:
                self.free[name].append(place)

    def match(self, name: str, how: str) -> Match:
        """The first place of a name that is left."""
        if name not in self.free:
            return Match(None, UNKNOWN)
        return Match(self.free[name].popleft(), how) if self.free[name] else Match(None, AGAIN)
