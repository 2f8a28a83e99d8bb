"""Baselines."""

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from emotion_grid.data.unspaced import is_unspaced
from emotion_grid.prediction.baselines import most_frequent, tfidf
from testing.hand_made import LABELS, TRAIN, train_rows


def test_most_frequent_gives_each_label_its_share_of_train():
    found = most_frequent(TRAIN, LABELS)(pd.Series(["a", "b", "c"]))
    assert found.tolist() == [[0.5, 0.25]] * 3
    assert most_frequent(TRAIN, LABELS)(pd.Series([], dtype=str)).shape == (0, 2)


def test_tfidf_learns_words():
    found = tfidf(TRAIN, LABELS)(pd.Series(["happy happy", "dark dark", "unheard of"]))
    assert found.shape == (3, 2)
    assert ((found >= 0) & (found <= 1)).all()
    assert found[0, 0] > 0.8
    assert found[1, 0] < 0.2


@pytest.mark.parametrize(("value", "expected"), [(0, 0.0), (1, 1.0)])
def test_tfidf_of_a_label_that_never_changes(value, expected):
    train = TRAIN.assign(fear=float(value))
    assert tfidf(train, LABELS)(pd.Series(["happy", "dark"]))[:, 1].tolist() == [expected] * 2


def test_each_label_is_learned_from_the_rows_that_are_annotated_for_it():
    """Fault: a row that is not annotated for a label as a row without it, or lost for all labels."""
    hidden = TRAIN.assign(fear=TRAIN["fear"].where(TRAIN.index % 3 == 0))
    known = hidden.dropna()
    texts = pd.Series(["dark day", "happy sun", "night"])
    assert most_frequent(hidden, LABELS)(texts)[0].tolist() == [0.5, known["fear"].mean()]
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit(TRAIN["text"])
    model = LogisticRegression(C=10, class_weight="balanced", max_iter=1000)
    model.fit(vectorizer.transform(known["text"]), known["fear"])
    found = tfidf(hidden, LABELS)(texts)
    assert found[:, 1] == pytest.approx(model.predict_proba(vectorizer.transform(texts))[:, 1])
    assert found[:, 0].tolist() == tfidf(TRAIN, LABELS)(texts)[:, 0].tolist()


def test_a_label_that_no_row_is_annotated_for_is_never_predicted():
    hidden = TRAIN.assign(fear=np.nan)
    for baseline in (most_frequent, tfidf):
        assert baseline(hidden, LABELS)(pd.Series(["dark day"]))[0, 1] == 0


@pytest.mark.parametrize("texts", [["one", "two", "three", "four"], ["😀", "😡", "😀", "!"], ["我", "你", "他", "她"]])
def test_tfidf_without_any_word_that_stands_twice_still_predicts(texts):
    train = train_rows(texts, [1, 0, 1, 0], [0, 0, 0, 1])
    found = tfidf(train, LABELS)(pd.Series(texts[:2]))
    assert found.shape == (2, 2)
    assert ((found >= 0) & (found <= 1)).all()


def test_words_of_a_script_without_spaces_are_found():
    """Fault: a sentence in Chinese is a single word, which no other text has (macro-F1 0.281 for 0.528)."""
    happy, sad = ["我今天很高兴", "他高兴极了", "大家都高兴"], ["我今天很难过", "他难过极了", "大家都难过"]
    train = pd.DataFrame({"text": happy * 3 + sad * 3, "joy": [1.0] * 9 + [0.0] * 9})
    found = tfidf(train, ["joy"])(pd.Series(["她也高兴了", "她也难过了"]))[:, 0]
    assert found[0] > 0.8 and found[1] < 0.2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我今天很高兴", True),
        ("嬉しい一日でした", True),
        ("วันนี้ฉันมีความสุข", True),
        ("มีความสุข iPhone", True),
        ("a fine day", False),
        ("오늘은 기분이 좋다", False),
        ("आज मैं खुश हूँ", False),
        ("we saw 北京 on that day", False),
        ("😀 123", False),
    ],
)
def test_scripts_without_spaces_are_told_by_their_letters(text, expected):
    assert is_unspaced([text]) == expected
