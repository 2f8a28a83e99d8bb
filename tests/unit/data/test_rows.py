"""Prediction tables as they are written."""

import numpy as np
import pytest

from emotion_grid.data.rows import write_predictions

LABELS = ["joy", "fear"]


@pytest.mark.parametrize("value", [np.nan, -0.001, 1.001, np.inf])
def test_what_is_no_probability_is_not_written(tmp_path, value):
    with pytest.raises(ValueError, match="probabilities"):
        write_predictions(tmp_path / "dev.csv", ["a", "b"], LABELS, np.array([[0.5, 0.5], [0.5, value]]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (2,)])
def test_predictions_need_a_row_for_each_id_and_a_column_for_each_label(tmp_path, shape):
    with pytest.raises(ValueError, match="expected 2 rows"):
        write_predictions(tmp_path / "dev.csv", ["a", "b"], LABELS, np.full(shape, 0.5))
