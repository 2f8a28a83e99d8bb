"""Training texts with their labels that a language model is shown before a text: those that are most like it."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from emotion_grid.base.messages import InputError

Example = tuple[str, dict[str, bool]]
"""A text, and whether it has each label."""

AT_ONCE = 256
"""Texts that are compared with all training texts at once."""


def nearest_examples(
    train: pd.DataFrame, labels: list[str], texts: list[str], count: int, seed: int
) -> Iterator[list[Example]]:
    """For each text the training rows whose texts are most like it, the nearest last (Liu et al. 2022, KATE).

    Texts are compared by the cosine of their TF-IDF weights of groups of two to four characters within words, which holds for scripts
    without spaces, too. Of rows that are equally near, the seed draws some. Only rows that are annotated for every label are shown.

    Args:
        train: prepared training rows.
        labels: names of the label columns.
        count: rows for each text; 0 for none.

    Raises:
        InputError: fewer such rows than `count`.
    """
    if count == 0:
        yield from ([] for _ in texts)
        return
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics.pairwise import linear_kernel

    known = train[train[labels].notna().all(axis=1)].sample(frac=1, random_state=seed)
    if len(known) < count:
        raise InputError(
            f"examples: expected at most {len(known):,}, the training rows that are annotated for every label, found {count:,}"
        )
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, dtype=np.float32)
    rows = vectorizer.fit_transform(known["text"])
    gold = known[labels].to_numpy(dtype=bool)
    shown = [
        (text, dict(zip(labels, own.tolist(), strict=True))) for text, own in zip(known["text"], gold, strict=True)
    ]
    for first in range(0, len(texts), AT_ONCE):
        alike = linear_kernel(vectorizer.transform(texts[first : first + AT_ONCE]), rows)
        for order in np.argsort(-alike, axis=1, kind="stable")[:, :count]:
            yield [shown[place] for place in order[::-1]]
