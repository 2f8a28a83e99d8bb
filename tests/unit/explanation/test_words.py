"""Words counted over explained texts."""

import numpy as np
import pandas as pd

from emotion_grid.explanation.shapley import Explanation
from emotion_grid.explanation.words import contributions, misleading_words, pushing_words


def test_words_are_counted_over_texts_and_over_errors():
    texts = pd.DataFrame({"id": ["a", "b"]})
    one = Explanation(["Good", "bad"], np.array([[1.0, 0.0], [-2.0, 0.5]]), np.zeros(2), np.array([-1.0, 0.5]))
    two = Explanation(["good", "new"], np.array([[3.0, 0.0], [1.0, 0.0]]), np.zeros(2), np.array([4.0, 0.0]))
    table = contributions(texts, [one, two], ["joy", "fear"])
    assert table.iloc[0].tolist() == ["a", "Good", "joy", 1.0] and len(table) == 8
    joy = pushing_words(table, 2)[0]
    assert joy["up"] == [{"label": "joy", "word": "good", "mean": 2.0, "count": 2}] and joy["down"] == []
    (missed,) = misleading_words(table, {("a", "joy")}, -1)
    assert missed == {"label": "joy", "texts": 1, "words": [{"word": "bad", "value": -2.0, "texts": 1}]}
