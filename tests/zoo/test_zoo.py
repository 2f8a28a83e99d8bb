"""The table of families in docs/encoders.md says what a tiny model of each does."""

import pytest
import torch

from emotion_grid.model.encoder import quieten
from testing.trying import rows, try_family
from testing.zoo import FAMILIES


def test_the_table_has_every_family_once():
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows()] == FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_does_what_its_row_says(family, tmp_path):
    """Fault: a release of transformers in which a family fails, or is wrong without a word; a row that nobody tried."""
    quieten()
    torch.set_num_threads(1)
    assert try_family(family, tmp_path / family) in rows(), "python -m testing.trying writes the table anew"
