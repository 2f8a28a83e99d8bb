"""Prepared splits of several data sets as one."""

import numpy as np
import pandas as pd
import pytest

from emotion_grid.data.tables import write_split
from emotion_grid.data.uniting import unite


@pytest.fixture
def folders(tmp_path):
    """Two sets with the same ids, each with a label of its own."""
    found = {}
    for name, labels in (("eng", ["joy", "anger"]), ("deu", ["anger", "fear"])):
        for number, split in enumerate(("train", "validation", "dev", "test")):
            count = 0 if (name, split) == ("deu", "test") else 2
            table = pd.DataFrame({"id": ["1", "2"][:count], "text": [f"{name} {split} {row}" for row in range(count)]})
            values = {label: np.array([1.0, number % 2])[:count] for label in labels}
            write_split(table.assign(**values), tmp_path / name / f"{split}.csv")
        found[name] = tmp_path / name
    return found


def test_rows_keep_their_split_and_get_the_name_of_their_set_and_labels_of_others_are_unknown(folders):
    splits, checks = unite(folders, ["eng", "deu"], ["deu"], ["joy", "anger", "fear"])
    assert splits["train"]["id"].tolist() == ["eng/1", "eng/2", "deu/1", "deu/2"]
    assert splits["validation"]["text"].tolist() == [
        f"{name} validation {row}" for name in ("eng", "deu") for row in (0, 1)
    ]
    assert splits["dev"]["id"].tolist() == ["deu/1", "deu/2"] and len(splits["test"]) == 0
    assert np.isnan(splits["train"].loc[:1, "fear"]).all() and np.isnan(splits["train"].loc[2:, "joy"]).all()
    assert splits["train"]["anger"].tolist() == [1, 0, 1, 0]
    assert list(splits["test"].columns) == ["id", "text", "joy", "anger", "fear"]
    assert checks["prepared"]["train"]["known"] == {"joy": 2, "anger": 4, "fear": 2}
    assert "label joy: no annotated row in dev; it has no score there, and macro-F1 leaves it out" in checks["warnings"]


def test_training_texts_of_one_set_in_dev_of_another_are_counted(folders, tmp_path):
    table = pd.DataFrame({"id": ["9"], "text": ["eng train 0"], "anger": [1.0], "fear": [0.0]})
    write_split(table, tmp_path / "deu" / "dev.csv")
    _, checks = unite(folders, ["eng"], ["deu"], ["joy", "anger", "fear"])
    assert checks["overlaps"] == 1
