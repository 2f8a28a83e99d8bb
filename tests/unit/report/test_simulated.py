"""The simulated study that a report names is the one that is most like its own."""

import pytest

from emotion_grid.report.header.simulated import most_like, read_verdicts


@pytest.mark.parametrize(
    "sizes, name",
    [
        ((4, 3, 0, 2764), "4 settings, 3 seeds, 2,764 rows"),
        ((5, 3, 0, 3000), "4 settings, 3 seeds, 2,764 rows"),
        ((3, 3, 0, 90), "4 settings, 3 seeds, 115 rows"),
        ((2, 3, 0, 200), "2 settings, 3 seeds, 115 rows"),
        ((40, 2, 0, 5000), "16 settings, 2 seeds, 2,764 rows"),
        ((4, 1, 5, 2000), "4 settings, 5 folds, 1 seed, 2,764 rows"),
        ((4, 1, 5, 100), "4 settings, 5 folds, 1 seed, 115 rows"),
        ((5, 3, 5, 2764), "4 settings, 5 folds, 3 seeds, 2,764 rows"),
        ((4, 1, 3, 2764), "4 settings, 3 folds, 1 seed, 2,764 rows"),
    ],
)
def test_the_nearest_row_is_named(sizes, name):
    table = read_verdicts()
    found = most_like(table, *sizes)
    assert found["study"] == name
    assert found["false_claims"] == table.set_index("study").loc[name, "false_claims"]


def test_false_claims_with_unequal_noise_stand_beside_where_they_were_simulated():
    table = read_verdicts().set_index("study", drop=False)
    unequal = table.loc["4 settings, 3 seeds, 2,764 rows: unequal noise, 1 to 3", "false_claims"]
    assert most_like(table, 4, 3, 0, 2764)["unequal"] == unequal
    assert most_like(table, 2, 5, 0, 2764)["unequal"] is None
