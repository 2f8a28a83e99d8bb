"""Tables of other people: columns of labels are found whatever their capitals."""

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.data.compared import read_compared


@pytest.fixture
def table(tmp_path):
    """Call with the header of a table of one row, 0.1, 0.2, ..., and labels: the probabilities of these."""

    def read(header: str, labels: list[str]) -> list[float]:
        cells = [f"0.{number}" for number in range(1, header.count(",") + 1)]
        (tmp_path / "t.csv").write_text(f"id,{header.removeprefix('id,')}\n{','.join(['x', *cells])}\n")
        return read_compared(tmp_path / "t.csv", labels).probabilities[0]

    return read


def test_columns_may_have_other_capitals_and_any_order(table):
    assert table("id,Surprise,Anger,text", ["anger", "surprise"]) == [0.2, 0.1]
    assert table("id,joy,fear", ["Fear", "Joy"]) == [0.2, 0.1]


def test_a_column_of_the_very_name_comes_first_and_no_other_labels_column_is_taken(table):
    assert table("id,Joy,joy", ["joy"]) == [0.2]
    assert table("id,Joy,joy", ["joy", "Joy"]) == [0.2, 0.1]
    with pytest.raises(InputError, match=r"expected the column Joy, found id, joy$"):
        table("id,joy", ["joy", "Joy"])


def test_columns_that_cannot_be_told_apart_are_refused(table):
    with pytest.raises(InputError, match=r"expected the column joy, found id, Joy, JOY$"):
        table("id,Joy,JOY", ["joy"])
