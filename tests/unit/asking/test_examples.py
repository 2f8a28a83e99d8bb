"""Examples: the training texts that are most like a text."""

import pandas as pd
import pytest

from emotion_grid.asking.examples import nearest_examples
from emotion_grid.base.messages import InputError

LABELS = ["joy", "fear"]
TRAIN = pd.DataFrame(
    [
        ("the cat sat on the mat", 1.0, 0.0),
        ("a dog barked at night", 0.0, 1.0),
        ("the cats sat on mats", 1.0, 1.0),
        ("exams tomorrow", 0.0, float("nan")),
        ("rain again", 0.0, 0.0),
    ],
    columns=["text", *LABELS],
)


def nearest(text, count, seed=1, train=TRAIN):
    return next(iter(nearest_examples(train, LABELS, [text], count, seed)))


def test_the_nearest_comes_last_with_its_labels():
    found = nearest("the cat sat on the mat again", 2)
    assert found == [
        ("the cats sat on mats", {"joy": True, "fear": True}),
        ("the cat sat on the mat", {"joy": True, "fear": False}),
    ]


def test_a_row_that_is_not_annotated_for_every_label_is_not_shown():
    assert "exams tomorrow" not in {text for text, _ in nearest("exams tomorrow", 4)}
    with pytest.raises(InputError, match=r"expected at most 4, .* found 5"):
        nearest("exams tomorrow", 5)


def test_the_seed_draws_among_texts_that_are_equally_near():
    train = pd.DataFrame({"text": [f"{letter}{letter}{letter}" for letter in "abcdefgh"], "joy": 1.0, "fear": 0.0})
    drawn = [[text for text, _ in nearest("12345", 3, seed, train)] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_texts_without_spaces_are_compared_too():
    train = pd.DataFrame({"text": ["今日はとても嬉しい", "明日は試験で怖い"], "joy": [1.0, 0.0], "fear": [0.0, 1.0]})
    assert nearest("とても嬉しい日", 1, train=train)[0][0] == "今日はとても嬉しい"


def test_many_texts_get_theirs_in_order_and_none_is_shown_without_examples():
    texts = ["a dog barked", "the cat sat"] * 200
    found = [examples[-1][0] for examples in nearest_examples(TRAIN, LABELS, texts, 1, 1)]
    assert found == ["a dog barked at night", "the cat sat on the mat"] * 200
    assert list(nearest_examples(TRAIN, LABELS, texts, 0, 1)) == [[]] * 400
