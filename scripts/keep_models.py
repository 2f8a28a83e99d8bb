"""Keep the models that the config asks for, and write the card of each and how it labels new texts; the latter of ensembles, too.

Reads summary.csv and metrics.csv; removes other models of the current grid (their predictions stay; a run that explanations.run names
keeps its own) and writes models.csv. The best run is that of the setting with the best mean on validation.
"""

import sys
from pathlib import Path

import pandas as pd

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json, write_json, write_text
from emotion_grid.base.integrity import expect_whole, forget, known_names, recorded, renew_record, write_record
from emotion_grid.base.layout import (
    CHECKS,
    ENSEMBLES,
    LABELLING,
    MODEL_RECORD,
    MODELS_RECORD,
    MODELS_TABLE,
    PLAN,
    SELECTED,
    SPEC,
    SUMMARY_RECORD,
    data_folder,
    run_folder,
)
from emotion_grid.base.messages import log
from emotion_grid.data.splits import MODEL, PROVENANCE
from emotion_grid.data.tables import write_table
from emotion_grid.evaluation.keeping import remove_model
from emotion_grid.evaluation.results import best_run, read_metrics, read_summary
from emotion_grid.evaluation.thresholds import thresholds_from
from emotion_grid.report.model_card import card_values, write_card


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of the experiment's results")
    home = parser.parse_args().results
    expect_whole({home / SUMMARY_RECORD: None})
    summary, metrics = read_summary(home), read_metrics(home)
    plan = read_json(home / PLAN)
    best = best_run(summary, plan)
    keep, data = plan["keep_models"], {row["run"]: row["data"] for row in plan["rows"]}
    rows = []
    for _, row in summary[summary["kind"] == "run"].iterrows():
        folder = run_folder(home, row["run"]) / MODEL
        if row["run"] != plan["explained"] and (keep == "none" or (keep == "best" and row["run"] != best)):
            remove_model(folder.parent)
        if folder.is_dir():
            weights = [name for name in known_names(folder / MODEL_RECORD) if name != LABELLING]
            expect_whole({folder.parent / PROVENANCE: None, folder / MODEL_RECORD: weights})
            describe_model(
                row, metrics[metrics["run"] == row["run"]], data_folder(home, data[row["run"]]), plan, folder
            )
            log(f"{folder}")
        rows.append({"run": row["run"], "best": row["run"] == best, "model": str(folder) if folder.is_dir() else ""})
    for _, row in summary[summary["kind"] == "ensemble"].iterrows():
        describe_ensemble(row, home / ENSEMBLES / row["run"], plan["labels"])
    with recorded(home / MODELS_RECORD, [MODELS_TABLE]):
        write_table(pd.DataFrame(rows), home / MODELS_TABLE)


def describe_model(row: pd.Series, metrics: pd.DataFrame, data: Path, plan: dict, folder: Path) -> None:
    """Write the card of a model, and how it labels new texts, into its folder.

    Args:
        row: the run's row of summary.csv.
        metrics: its rows of metrics.csv.
        data: folder of its prepared splits.
        plan: the content of plan.json.
        folder: the model's.
    """
    run = folder.parent
    spec, prepared, checks, provenance = map(read_json, (run / SPEC, data / SPEC, data / CHECKS, run / PROVENANCE))
    values = card_values(row, metrics, spec, prepared, checks, provenance, str(folder), plan)
    write_text(folder / "README.md", write_card(values))
    labels = prepared["labels"]
    thresholds = dict(zip(labels, thresholds_from(str(row["threshold"]), labels), strict=True))
    prompt = {key: value for key, value in spec["encoder"].items() if key == "prompt"}
    how = {"clean": prepared["clean"], **prompt, "precision": provenance["precision"], "thresholds": thresholds}
    record = folder / MODEL_RECORD
    if not record.is_file():  # of a model of version 0.1
        write_json(folder / LABELLING, how)
        return
    there = (folder / LABELLING).is_file() and LABELLING in known_names(record)
    if there and read_json(folder / LABELLING) == how:
        return  # what is newer than labels of new texts makes them again
    forget(record, [LABELLING])
    write_json(folder / LABELLING, how)
    renew_record(record, [LABELLING])


def describe_ensemble(row: pd.Series, folder: Path, labels: list[str]) -> None:
    """Write how an ensemble labels new texts into its folder.

    Args:
        row: its row of summary.csv.
        folder: of its results.
        labels: of the study, in their order.
    """
    expect_whole({folder / PROVENANCE: []})
    thresholds = dict(zip(labels, thresholds_from(str(row["threshold"]), labels), strict=True))
    weights = read_json(folder / PROVENANCE)[SELECTED]["test"]["weights"]
    write_record(folder / LABELLING, {"labels": labels, "thresholds": thresholds, "weights": weights}, [])


if __name__ == "__main__":
    sys.exit(run_program(main))
