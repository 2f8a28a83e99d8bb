"""Rows of another data set to train on besides, without those whose text stands, or nearly does, among the texts that judge a run."""

import itertools
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emotion_grid.base.messages import InputError
from emotion_grid.data.preparation import Tell, describe, read_raw
from emotion_grid.data.splits import SPLITS
from emotion_grid.data.splitting import share_rows

LONG = 5
"""Characters that are compared at once."""

SIMILAR = 0.5
"""From which similarity on two texts are nearly the same (docs/data.md says what lies below and above it)."""

AT_ONCE = 1000
"""Rows that are compared at once: more need more memory."""


def added_rows(spec: dict, path: Path, splits: dict[str, pd.DataFrame], tell: Tell) -> tuple[pd.DataFrame, dict]:
    """The added rows of prepared splits, and what the checks say of them.

    The share is drawn before rows are dropped, so that smaller shares are part of larger ones in every fold.

    Args:
        spec: of the prepared splits.
        path: the raw file of the added rows.
        splits: as `prepare` gives them.

    Returns:
        Rows with all labels, unknown where they are not annotated; and, besides facts about these, how many rows were in the `file`, and how
        many of the share were `leaks`.

    Raises:
        InputError: rows that cannot be used.
    """
    added, labels = spec["added"], spec["labels"]
    how = {**added, "files": {"train": added["file"]}, "clean": spec["clean"]}
    every = read_raw(how, {"train": str(path)}, tell)["train"]
    chosen = every[share_rows(every, added["labels"], added["share"], spec["split_seed"])]
    judging = [text for split in SPLITS for text in splits[split]["text"]]
    leaks = nearly_among(chosen["text"], judging)
    if leaks.all():
        raise InputError(
            f"data.added.{added['name']}: expected rows whose text stands in none of validation, dev and test, found none among {len(chosen)}"
        )
    kept = chosen[~leaks].reindex(columns=["id", "text", *labels]).astype(dict.fromkeys(labels, float))
    return kept, {**describe(kept, labels), "file": len(every), "leaks": int(leaks.sum())}


def bare_form(text: str) -> str:
    """The letters, their marks, and the digits of a text, case aside; compatible characters (NFKC) are one. All of it if it has none."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if unicodedata.category(character)[0] in "LMN") or folded


def nearly_among(texts: Iterable[str], others: Iterable[str]) -> np.ndarray:
    """Which texts stand among others, or nearly do, bool, (texts,).

    Their bare forms are equal, or alike: of the groups of five characters that either has, both have at least half (Jaccard similarity;
    Broder, On the resemblance and containment of documents, 1997).
    """
    forms, known = [bare_form(text) for text in texts], list({bare_form(text) for text in others})
    alike = highest_similarities(forms, known) >= SIMILAR
    same = set(known)
    return alike | np.array([form in same for form in forms], dtype=bool)


def highest_similarities(forms: list[str], known: list[str]) -> np.ndarray:
    """The Jaccard similarity of each form to the known form that is most like it, (forms,)."""
    theirs = [_groups(form) for form in known]
    numbers = {group: number for number, group in enumerate(set().union(*theirs))}
    table, sizes = _indicators(theirs, numbers), np.array([len(groups) for groups in theirs])
    highest = np.zeros(len(forms))
    for start in range(0, len(forms), AT_ONCE):
        groups = [_groups(form) for form in forms[start : start + AT_ONCE]]
        common = (_indicators(groups, numbers) @ table.T).tocoo()
        own = np.array([len(found) for found in groups])
        either = own[common.row] + sizes[common.col] - common.data
        np.maximum.at(highest, start + common.row, common.data / either)
    return highest


def _groups(form: str) -> set[str]:
    return {form[start : start + LONG] for start in range(len(form) - LONG + 1)}


def _indicators(texts: list[set[str]], numbers: dict[str, int]) -> Any:
    """Which of the numbered groups each text has, sparse, (texts, groups)."""
    from scipy.sparse import csr_array

    places = [[numbers[group] for group in groups if group in numbers] for groups in texts]
    columns = np.array(list(itertools.chain.from_iterable(places)), dtype=np.int64)
    ends = np.cumsum([0, *map(len, places)])
    return csr_array((np.ones(len(columns)), columns, ends), shape=(len(texts), len(numbers)))
