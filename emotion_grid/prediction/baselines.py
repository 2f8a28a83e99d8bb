"""Baselines that learn from the training rows alone: label frequencies, or TF-IDF with logistic regression."""

from collections.abc import Callable

import numpy as np
import pandas as pd

Predictor = Callable[[pd.Series], np.ndarray]
"""From texts to probabilities, (texts, labels)."""


def most_frequent(train: pd.DataFrame, labels: list[str]) -> Predictor:
    """Each label's share of the training rows, whatever the text. At 0.5 it predicts the labels that most texts have.

    Args:
        train: prepared training rows.
        labels: names of the label columns.
    """
    shares = train[labels].mean().to_numpy()
    return lambda texts: np.tile(shares, (len(texts), 1))


def tfidf(train: pd.DataFrame, labels: list[str]) -> Predictor:
    """One logistic regression a label on TF-IDF of words and word pairs.

    Args:
        train: prepared training rows.
        labels: names of the label columns.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    try:
        features = vectorizer.fit_transform(train["text"])
    except ValueError:  # no word of two letters stands twice: emoji alone, say
        vectorizer = TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True)
        features = vectorizer.fit_transform(train["text"])
    models = [
        # A label that all rows or none have cannot be learned: its share is the prediction.
        None
        if train[label].nunique() == 1
        else LogisticRegression(C=10, class_weight="balanced", max_iter=1000).fit(features, train[label])
        for label in labels
    ]

    def predict(texts: pd.Series) -> np.ndarray:
        if len(texts) == 0:
            return np.zeros((0, len(labels)))
        wanted = vectorizer.transform(texts)
        columns = [
            np.full(len(texts), train[label].iloc[0]) if model is None else model.predict_proba(wanted)[:, 1]
            for label, model in zip(labels, models, strict=True)
        ]
        return np.stack(columns, axis=1)

    return predict


BASELINES = {"most-frequent": most_frequent, "tfidf": tfidf}
