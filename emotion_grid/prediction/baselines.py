"""Baselines that learn from the training rows alone: label frequencies, or TF-IDF with logistic regression."""

import numpy as np
import pandas as pd


def most_frequent(train: pd.DataFrame, labels: list[str], texts: pd.Series) -> np.ndarray:
    """Each label's share of train, for every text: (texts, labels). At 0.5 it gives the labels that most texts have."""
    return np.tile(train[labels].mean().to_numpy(), (len(texts), 1))


def tfidf(train: pd.DataFrame, labels: list[str], texts: pd.Series) -> np.ndarray:
    """Probabilities (texts, labels) of one logistic regression a label on TF-IDF of words and word pairs."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    if len(texts) == 0:
        return np.zeros((0, len(labels)))
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    try:
        features = vectorizer.fit_transform(train["text"])
    except ValueError:  # no word of two letters stands twice: emoji alone, say
        vectorizer = TfidfVectorizer(token_pattern=r"\S+", sublinear_tf=True)
        features = vectorizer.fit_transform(train["text"])
    wanted = vectorizer.transform(texts)
    columns = []
    for label in labels:
        gold = train[label].to_numpy()
        if gold.min() == gold.max():
            columns.append(np.full(len(texts), gold[0]))
        else:
            columns.append(
                LogisticRegression(C=10, class_weight="balanced", max_iter=1000)
                .fit(features, gold)
                .predict_proba(wanted)[:, 1]
            )
    return np.stack(columns, axis=1)


BASELINES = {"most-frequent": most_frequent, "tfidf": tfidf}
