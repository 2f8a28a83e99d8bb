"""The card of a saved model: how good it is, how it was made, how to load it."""

import jinja2
import pandas as pd

from emotion_grid.report.cells import markdown_cell
from emotion_grid.report.page import FOLDER


def write_card(row: pd.Series, metrics: pd.DataFrame, spec: dict, provenance: dict, folder: str) -> str:
    """A model card in Markdown.

    Args:
        row: the run's row of summary.csv.
        metrics: the run's rows of metrics.csv.
        spec, provenance: the run's files.
        folder: the model's folder, as a person would type it.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=False,  # the card is Markdown: the filter `cell` escapes what is not the template's own
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = lambda value: markdown_cell(str(value))
    tuned = metrics[(metrics["threshold"] == "tuned") & metrics["label"].isna()]
    return environment.get_template("model_card.md.j2").render(
        run=row["run"],
        scores=tuned.to_dict("records"),
        encoder=spec["encoder"],
        data=spec["data"],
        axes=_axes_in_words(spec),
        training=spec["training"],
        seed=spec["seed"],
        threshold=row["threshold"],
        provenance=provenance,
        folder=repr(folder),
    )


def _axes_in_words(spec: dict) -> dict[str, str]:
    """The run's value of each axis of the grid that describes the model: head, frozen layers and LoRA."""
    return {
        "Head": _listed(spec["head"]),
        "Frozen layers": str(spec["freeze"]),
        "LoRA": "none" if spec["lora"] is None else _listed(spec["lora"]),
    }


def _listed(values: dict) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items() if value is not None)
