"""The answers of annotators, joined with the texts of a study."""

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emotion_grid.base.layout import data_folder
from emotion_grid.data.annotators import Item, read_answers, source_of
from emotion_grid.data.joining import Match, join
from emotion_grid.data.sources import read_source
from emotion_grid.data.tables import read_split
from emotion_grid.evaluation.results import Results

ORDER = ("dev", "validation", "test", "train")
"""Splits in the order in which texts are given away: those that judge come first, where a text stands in several."""


@dataclass(frozen=True)
class Annotated:
    """The answers of annotators, joined with the texts of a study.

    Attributes:
        names: of the annotators.
        answers: 1, 0 or NaN, (texts, annotators, labels).
        items: the texts as the annotators had them.
        matches: what became of each.
        ids: of the study's text that each is; None if it is none.
    """

    names: list[str]
    answers: np.ndarray
    items: list[Item]
    matches: list[Match]
    ids: list[str | None]


def read_annotated(results: Results) -> Annotated:
    """The answers in the file that the plan names, joined with the prepared splits of all its data.

    Raises:
        InputError: a file that cannot be used, or no text of the study in it.
    """
    plan = results.plan
    source = source_of(plan["annotators"], plan["labels"])
    answers = read_answers(read_source(source.path, source.mapping.form), source)
    texts: dict[str, str] = {}
    for split, key in itertools.product(ORDER, dict.fromkeys(row["data"] for row in plan["rows"])):
        table = read_split(data_folder(results.home, key) / f"{split}.csv")
        for id_, text in zip(table["id"], table["text"], strict=True):
            texts.setdefault(id_, text)
    matches = join(answers.items, list(texts.items()), source)
    ids = list(texts)
    values = np.full((len(answers.items), len(answers.annotators), len(plan["labels"])), np.nan)
    for place, given in answers.given.items():
        values[place] = np.array(given, dtype=float)
    return Annotated(
        answers.annotators,
        values,
        answers.items,
        matches,
        [None if match.place is None else ids[match.place] for match in matches],
    )


def texts_table(found: Annotated) -> pd.DataFrame:
    """A row for each text of the annotators: its row in their file, which text of the study it is and how it was found, or why it is none."""
    return pd.DataFrame(
        {
            "row": [item.row for item in found.items],
            "joined": [match.place is not None for match in found.matches],
            "how": [match.how for match in found.matches],
            "id": found.ids,
            "answers": (~np.isnan(found.answers)).any(2).sum(1),
            "text": [item.text for item in found.items],
        }
    )
