"""Which place a text has among the tokens."""

import pandas as pd
import pytest

from emotion_grid.base import layout
from emotion_grid.base.messages import InputError
from emotion_grid.features import index as names
from emotion_grid.features.index import Index


def test_a_text_without_tokens_is_named(data, encoders, tokens_of):
    index = Index(tokens_of(data, encoders("bert")))
    with pytest.raises(InputError, match=r"none of row 2; delete this folder"):
        index.find([*pd.read_csv(data / "dev.csv")["text"][:1], "never seen"])


@pytest.mark.parametrize("name", ["TOKENS_RECORD", "FEATURES_RECORD", "FILES"])
def test_names_in_the_cache_are_those_of_the_layout(name):
    assert getattr(names, name) == getattr(layout, name)
