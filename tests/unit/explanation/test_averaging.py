"""Explanations of several models as one, however their tokenizers separate words."""

import numpy as np
import pytest

from emotion_grid.explanation.averaging import mean_explanation
from emotion_grid.explanation.shapley import Explanation

TEXT = "I don't, know"


def explained(words: list[str], values: list[float], base: float) -> Explanation:
    """An explanation of one label whose contributions sum to its logit."""
    column = np.array(values).reshape(-1, 1)
    return Explanation(words, column, np.array([base]), np.array([base]) + column.sum(0))


def test_words_that_overlap_are_joined_and_contributions_sum_to_the_mean_logit():
    by_pieces = explained(["I", "don", "'", "t", ",", "know"], [1, 2, 3, 4, 5, 6], 0.5)
    by_blanks = explained(["I", "don't,", "know"], [10, 20, 30], -0.5)
    found = mean_explanation(TEXT, [by_pieces, by_blanks], [0.75, 0.25])
    assert found.words == ["I", "don't,", "know"]
    assert found.values[:, 0] == pytest.approx([0.75 + 2.5, 0.75 * 14 + 5, 4.5 + 7.5])
    assert found.base == pytest.approx([0.25]) and found.logits == found.base + found.values.sum(0)


def test_pieces_that_begin_and_end_alike_stay_apart_and_a_word_that_stands_twice_has_two_places():
    one, two = explained(["no", "no"], [1, 2], 0), explained(["no", "no"], [3, 4], 0)
    found = mean_explanation("no no", [one, two], [0.5, 0.5])
    assert found.words == ["no", "no"] and found.values[:, 0].tolist() == [2, 3]


def test_a_text_that_one_model_cuts_keeps_the_words_of_the_other():
    found = mean_explanation(
        TEXT, [explained(["I"], [1], 0), explained(["I", "don't,", "know"], [1, 1, 1], 0)], [0.5, 0.5]
    )
    assert found.words == ["I", "don't,", "know"] and found.values[:, 0].tolist() == [1, 0.5, 0.5]


def test_a_text_without_words_has_its_logit_alone():
    found = mean_explanation(" ", [explained([], [], 1.0), explained([], [], 2.0)], [0.5, 0.5])
    assert found.words == [] and found.values.shape == (0, 1) and found.logits.tolist() == [1.5]
