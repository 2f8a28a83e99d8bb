"""Rows of the comparison that are no runs of the grid: what is predicted by other programs than training.

A kind is one entry in `KINDS`, its key in the config's schema, and its program: `python -m scripts.<program>` reads a spec and the
prepared splits and writes `predictions/<split>.csv` as a run does (docs/extending.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emotion_grid.base.layout import BASELINES
from emotion_grid.plan.specs import row_spec


@dataclass(frozen=True)
class Kind:
    """A kind of rows.

    Attributes:
        name: what tables call it.
        folder: where its results lie in the experiment's folder.
        program: the module in scripts/ that makes its predictions.
        specs: from a checked config and the spec of prepared splits to each row's name and spec.
    """

    name: str
    folder: str
    program: str
    specs: Callable[[dict[str, Any], dict[str, Any]], dict[str, dict[str, Any]]]


KINDS = (
    Kind(
        name="baseline",
        folder=BASELINES,
        program="baseline",
        specs=lambda config, data: {
            name: row_spec(data, "emotion_grid.prediction.baselines", baseline=name) for name in config["baselines"]
        },
    ),
)
