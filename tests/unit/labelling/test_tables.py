"""Tables of answers: the comparison takes them, and everybody's are in one."""

import csv

import numpy as np
import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.data.compared import prediction_tables
from emotion_grid.evaluation.predicted import predicted_for
from emotion_grid.labelling.tables import write_tables
from tests.unit.labelling.conftest import LABELS, TEXTS

IDS = [id_ for id_, _ in TEXTS]


def given(position: int) -> list[bool]:
    return [bool(position >> place & 1) for place in range(3)]


def test_a_persons_table_is_a_row_of_the_comparison(store, path):
    for position in range(1, len(TEXTS) + 1):
        store.save("anna", position, given(position))
    table = path.parent / "dev" / "anna.csv"
    assert write_tables(store) == {table: len(TEXTS)}
    found = predicted_for(prediction_tables(table), "dev", LABELS, IDS[::-1])
    assert found is not None
    assert np.array_equal(found[::-1], [given(position) for position in range(1, len(TEXTS) + 1)])


def test_a_table_that_lacks_texts_is_told_from_a_whole_one(store, path):
    store.save("anna", 1, given(1))
    (table,) = write_tables(store)
    with pytest.raises(InputError, match=r"expected a row for each of the 250 texts, found none for 249 of them"):
        predicted_for(prediction_tables(table), "dev", LABELS, IDS)


def test_everybodys_answers_are_in_one_table(store, path):
    for person, count in (("anna", 3), ("ben", 2)):
        for position in range(1, count + 1):
            store.save(person, position, given(position))
    write_tables(store)
    with path.with_suffix(".csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            ["id", "person", *LABELS],
            ["t-1", "anna", "1", "0", "0"],
            ["t-2", "anna", "0", "1", "0"],
            ["t-3", "anna", "1", "1", "0"],
            ["t-1", "ben", "1", "0", "0"],
            ["t-2", "ben", "0", "1", "0"],
        ]
