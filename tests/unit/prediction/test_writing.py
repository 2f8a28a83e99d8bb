"""Files of labelled texts: whatever the ids hold, a row is a row."""

import csv

import numpy as np
import pandas as pd
import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.prediction.writing import WRITERS, check_form, labelled_table, table_writer
from testing.made import HOSTILE

READERS = {
    ".csv": lambda path: pd.DataFrame(csv.DictReader(path.open(encoding="utf-8", newline=""), strict=True)),
    ".jsonl": lambda path: pd.read_json(path, lines=True, dtype=False),
    ".parquet": pd.read_parquet,
}


@pytest.mark.parametrize("form", WRITERS)
def test_rows_with_hostile_ids_are_written_in_parts_and_read_again(tmp_path, form):
    probabilities = np.random.default_rng(3).random((len(HOSTILE), 2))
    probabilities[4] = np.nan
    with table_writer(tmp_path / f"a{form}") as write:
        for part in ((0, 0), (0, 7), (7, len(HOSTILE))):
            write(
                labelled_table(
                    HOSTILE[slice(*part)], ["a,b", "fear"], probabilities[slice(*part)], np.array([0.5, 0.2])
                )
            )
    table = READERS[form](tmp_path / f"a{form}")
    assert list(table["id"]) == HOSTILE and list(table) == ["id", "a,b", "fear", "a,b_probability", "fear_probability"]
    found = pd.to_numeric(table["fear_probability"])
    np.testing.assert_allclose(found, probabilities[:, 1], atol=1e-8)
    given = pd.to_numeric(table["fear"])
    assert given.isna().to_numpy().nonzero()[0].tolist() == [4]
    assert (given.dropna() == (probabilities[:, 1] >= 0.2)[given.notna()]).all()


def test_a_probability_that_is_written_as_the_threshold_gives_the_label():
    """Fault: 0.5 stood beside 0 at a threshold of 0.5, since the program knew more digits than it wrote."""
    table = labelled_table(["x"], ["joy"], np.array([[0.5 - 1e-12]]), np.array([0.5]))
    assert (table["joy"][0], table["joy_probability"][0]) == (1, 0.5)


def test_other_endings_are_refused(tmp_path):
    check_form(tmp_path / "a.CSV")
    with pytest.raises(
        InputError, match=r"a\.xlsx: expected a file to write whose name ends in \.csv, \.jsonl, \.parquet"
    ):
        check_form(tmp_path / "a.xlsx")
