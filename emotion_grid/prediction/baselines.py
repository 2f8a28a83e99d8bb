"""Baselines that learn from the training rows alone: label frequencies, or TF-IDF with logistic regression."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from emotion_grid.base.messages import log
from emotion_grid.data.unspaced import is_unspaced

Predictor = Callable[[pd.Series], np.ndarray]
"""From texts to probabilities, (texts, labels)."""


def most_frequent(train: pd.DataFrame, labels: list[str]) -> Predictor:
    """Each label's share of the training rows that are annotated for it, whatever the text; 0 if none is.

    At 0.5 it predicts the labels that most texts have.

    Args:
        train: prepared training rows.
        labels: names of the label columns.
    """
    shares = train[labels].mean().fillna(0.0).to_numpy()
    return lambda texts: np.tile(shares, (len(texts), 1))


def tfidf(train: pd.DataFrame, labels: list[str]) -> Predictor:
    """One logistic regression a label on TF-IDF of words and word pairs, learned from the rows that are annotated for the label.

    Where most letters of the training texts belong to a script without spaces between words, characters and their groups of two and three
    take the place of words.

    Args:
        train: prepared training rows.
        labels: names of the label columns.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    if is_unspaced(train["text"]):
        log("the training texts have no spaces between words: TF-IDF counts characters")
        vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True)
    try:
        features = vectorizer.fit_transform(train["text"])
    except ValueError:  # nothing stands twice: emoji alone, say
        vectorizer = TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True)
        features = vectorizer.fit_transform(train["text"])
    models = [_label_model(features, train[label].to_numpy()) for label in labels]
    shares = most_frequent(train, labels)

    def predict(texts: pd.Series) -> np.ndarray:
        if len(texts) == 0:
            return np.zeros((0, len(labels)))
        wanted, probabilities = vectorizer.transform(texts), shares(texts)
        for place, model in enumerate(models):
            if model is not None:
                probabilities[:, place] = model.predict_proba(wanted)[:, 1]
        return probabilities

    return predict


def _label_model(features: Any, gold: np.ndarray) -> Any:
    """A label's logistic regression; None if all its known rows are alike or there is none: then its share is all that is learned."""
    from sklearn.linear_model import LogisticRegression

    known = ~np.isnan(gold)
    if len(np.unique(gold[known])) < 2:
        return None
    return LogisticRegression(C=10, class_weight="balanced", max_iter=1000).fit(features[known], gold[known])


BASELINES = {"most-frequent": most_frequent, "tfidf": tfidf}
