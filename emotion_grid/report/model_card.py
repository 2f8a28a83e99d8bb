"""The card of a saved model: how good it is, how it was made, how to load it."""

import shlex

import jinja2
import pandas as pd

from emotion_grid.evaluation.thresholds import thresholds_from
from emotion_grid.grid.axes.declared import AXES
from emotion_grid.report.cells import markdown_cell
from emotion_grid.report.page import FOLDER
from emotion_grid.report.source import source_words
from emotion_grid.report.tuning import threshold_words


def write_card(values: dict, template: str = "model_card.md.j2") -> str:
    """A model card in Markdown.

    Args:
        values: those of `card_values`, and what else the template shows.
        template: name of a file in `templates/`.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=False,  # the card is Markdown: the filter `cell` escapes what is not the template's own
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = lambda value: markdown_cell(str(value))
    return environment.get_template(template).render(**values)


def card_values(
    row: pd.Series,
    metrics: pd.DataFrame,
    spec: dict,
    data: dict,
    checks: dict,
    provenance: dict,
    folder: str,
    plan: dict,
) -> dict:
    """What a model card shows.

    Args:
        row: the run's row of summary.csv.
        metrics: the run's rows of metrics.csv; those of the whole split have an empty label.
        spec, provenance: the run's files.
        data, checks: spec.json and checks.json of the prepared splits that judge it.
        folder: the model's folder, as a person would type it.
        plan: the content of plan.json.
    """
    places = {"run": spec, "encoder": spec["encoder"], "data": spec["data"]}
    axes = {
        axis.title: axis.words(places[axis.place][axis.name])
        for axis in AXES
        # The template says which rows a repetition held out.
        if axis.name in places[axis.place] and not (axis.place == "data" and axis.repeats)
    }
    tuned = metrics[(metrics["threshold"] == "tuned") & (metrics["label"] == "")]
    return {
        "run": row["run"],
        "scores": tuned.to_dict("records"),
        "encoder": source_words(spec["encoder"]),
        "prompt": repr(spec["encoder"]["prompt"]) if "prompt" in spec["encoder"] else "",
        "data": data,
        "annotated": _partly_annotated(checks["prepared"]["train"]),
        "rows": checks["prepared"]["train"]["rows"],
        "axes": axes,
        "training": spec["training"],
        "thresholds": dict(
            zip(data["labels"], thresholds_from(str(row["threshold"]), data["labels"]).tolist(), strict=True)
        ),
        "threshold_words": threshold_words(plan),
        "provenance": provenance,
        "folder": repr(folder),
        "shell_folder": shlex.quote(folder),
    }


def _partly_annotated(train: dict) -> list[str]:
    """The labels for which only some training rows are annotated, each with how many.

    Args:
        train: what checks.json says of the prepared training rows.
    """
    return [f"{label} {known:,}" for label, known in train["known"].items() if known < train["rows"]]
