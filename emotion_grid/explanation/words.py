"""Words over many explained texts: which push a label up or down, and which caused mistakes."""

import unicodedata
from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST_WORDS = 12
"""Words to show in each direction."""


@dataclass(frozen=True)
class Explained:
    """Texts of a split with a run's predictions and their explanations.

    Attributes:
        texts: `id`, `text`, `place` in the split and `drawn`: whether the text was drawn at random.
        gold: 0, 1 or NaN (unknown), (texts, labels).
        explanations: one a text, as `explain_texts` gives them.
        probabilities: (texts, labels).
        thresholds: (labels,).
        labels: their names.
        judge: the split's name.
    """

    texts: pd.DataFrame
    gold: np.ndarray
    explanations: list
    probabilities: np.ndarray
    thresholds: np.ndarray
    labels: list[str]
    judge: str


def logits_table(explained: Explained) -> pd.DataFrame:
    """What each text's contributions start from (all words masked) and sum up to, a row for each text and label."""
    return pd.DataFrame(
        [
            (key, label, base, logit)
            for key, explanation in zip(explained.texts["id"], explained.explanations, strict=True)
            for label, base, logit in zip(explained.labels, explanation.base, explanation.logits, strict=True)
        ],
        columns=["id", "label", "base", "logit"],
    )


def contributions(texts: pd.DataFrame, explanations: list, labels: list[str]) -> pd.DataFrame:
    """A row for each word of each text and label: `id`, `token`, `label`, `value`, in the order of the texts and their words.

    Args:
        texts: with `id`, a row an explanation.
        explanations: as `explain_texts` gives them.
        labels: the columns of their values.
    """
    rows = [
        (key, word, label, value)
        for key, explanation in zip(texts["id"], explanations, strict=True)
        for word, values in zip(explanation.words, explanation.values, strict=True)
        for label, value in zip(labels, values, strict=True)
    ]
    return pd.DataFrame(rows, columns=["id", "token", "label", "value"])


def pushing_words(table: pd.DataFrame, least: int) -> list[dict]:
    """Per label the words with the highest and the lowest mean contribution, among those that stand at least `least` times."""
    table = table.assign(word=[unicodedata.normalize("NFC", token).casefold() for token in table["token"]])
    means = table.groupby(["label", "word"], sort=False)["value"].agg(["mean", "count"]).reset_index()
    means = means[means["count"] >= least]
    by_label = []
    for label in table["label"].unique():
        rows = means[means["label"] == label].sort_values("mean", ascending=False, kind="stable")
        up, down = rows[rows["mean"] > 0].head(MOST_WORDS), rows[rows["mean"] < 0][::-1].head(MOST_WORDS)
        by_label.append({"label": label, "up": up.to_dict("records"), "down": down.to_dict("records")})
    return by_label


def misleading_words(table: pd.DataFrame, wrong: set[tuple[str, str]], sign: int) -> list[dict]:
    """Per label the words that pushed it the wrong way where it went wrong: their sums and the texts they stand in.

    Args:
        table: contributions.
        wrong: pairs of id and label.
        sign: 1 where labels were wrongly given (words that pushed up), -1 where they were missed.
    """
    keys = list(zip(table["id"], table["label"], strict=True))
    rows = table[np.array([key in wrong for key in keys], dtype=bool)]
    rows = rows.assign(word=[unicodedata.normalize("NFC", token).casefold() for token in rows["token"]])
    by_label = []
    for label in table["label"].unique():
        own = rows[rows["label"] == label]
        sums = own.groupby("word", sort=False).agg(value=("value", "sum"), texts=("id", "nunique"))
        sums = sums[sums["value"] * sign > 0].sort_values("value", ascending=sign < 0, kind="stable").head(MOST_WORDS)
        texts = sum(1 for _, other in wrong if other == label)
        by_label.append({"label": label, "texts": texts, "words": sums.reset_index().to_dict("records")})
    return [entry for entry in by_label if entry["words"]]
