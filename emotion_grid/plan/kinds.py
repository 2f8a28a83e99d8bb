"""Rows of the comparison that are no runs of the grid: what is predicted by other programs than training.

A kind is one entry in `KINDS`, its key in the config's schema, and its program: `python -m scripts.<program>` reads a spec and the
prepared splits and writes `predictions/<split>.csv` as a run does (docs/extending.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emotion_grid.base.layout import BASELINES, LANGUAGE_MODELS
from emotion_grid.plan.asked import asked
from emotion_grid.plan.specs import row_spec

LANGUAGE_MODEL = "language model"
"""The kind of rows that language models answer."""


@dataclass(frozen=True)
class Kind:
    """A kind of rows.

    Attributes:
        name: what tables call it.
        folder: where its results lie in the experiment's folder.
        program: the module in scripts/ that makes its predictions.
        specs: from a checked config and the spec of prepared splits to each row's name and spec.
        rule: the rule that runs the program; another than `predict_row` where the program needs more than a spec and prepared splits.
    """

    name: str
    folder: str
    program: str
    specs: Callable[[dict[str, Any], dict[str, Any]], dict[str, dict[str, Any]]]
    rule: str = "predict_row"


KINDS = (
    Kind(
        name="baseline",
        folder=BASELINES,
        program="baseline",
        specs=lambda config, data: {
            name: row_spec(data, "emotion_grid.prediction.baselines", baseline=name) for name in config["baselines"]
        },
    ),
    Kind(
        name=LANGUAGE_MODEL,
        folder=LANGUAGE_MODELS,
        program="ask_model",
        specs=lambda config, data: {
            name: row_spec(data, "emotion_grid.asking.labelling", **questions)
            for name, questions in asked(config, data["labels"]).items()
        },
        rule="ask_model",
    ),
)
