"""Ensembles from the config to the report, without training a run again; new texts, explanations, and a cross-validation."""

import csv
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np

from emotion_grid.base.files import read_json
from testing.tiny import LABELS, Project


def values(path: Path, suffix: str = "") -> np.ndarray:
    with path.open(encoding="utf-8", newline="") as file:
        return np.array([[float(row[label + suffix]) for label in LABELS] for row in csv.DictReader(file)])


def python(project: Project, *arguments: str, fails: bool = False) -> str:
    """What a program of the checkout says."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert (done.returncode != 0) == fails, done.stdout
    return done.stdout


def ensembles(project: Project) -> list[dict]:
    with (project.home / "summary.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["kind"] == "ensemble"]


def mean_by_hand(project: Project, row: dict, split: str) -> np.ndarray:
    """The weighted mean of the runs' tables, by the weights in the ensemble's record."""
    record = read_json(project.home / "ensembles" / row["run"] / "provenance.json")
    weights = record["selected"]["test" if split == "test" else "dev"]["weights"]
    tables = {run: values(project.home / "runs" / run / "predictions" / f"{split}.csv") for run in weights}
    return sum(weight * tables[run] for run, weight in weights.items())


def test_a_finished_study_gets_ensembles_that_label_new_texts_and_are_explained(project):
    before = project.snapshot()
    project.configure(ensembles=["seeds", "greedy", "best-2"])
    assert project.run().trained == [] and project.snapshot() == before
    rows = ensembles(project)
    assert [row["encoder"] for row in rows] == ["seeds", "greedy", "best-2"]
    for row in rows:
        for split in ("validation", "dev", "test"):
            predicted = values(project.home / "ensembles" / row["run"] / "predictions" / f"{split}.csv")
            np.testing.assert_allclose(predicted, mean_by_hand(project, row, split), atol=1e-8)
        assert float(row["dev_macro_f1"]) > 0 and row["threshold_kind"] == "shrunk"
    page = (project.home / "report.html").read_text(encoding="utf-8")
    assert "Ensembles reach" in page and 'id="ensembles"' in page
    with (project.home / "comparison.csv").open(newline="") as file:
        assert {"seeds", "greedy", "best-2"} <= {row["second"] for row in csv.DictReader(file)}
    assert project.run().nothing

    best_two = f"results/tiny/ensembles/{rows[-1]['run']}"
    command = ("scripts.predict", "--model", best_two, "--input", "texts/dev.csv", "--output", "new.csv")
    refused = python(project, *command, fails=True)
    files, again = re.search(
        r"these commands train them again: snakemake (.*); snakemake (-R keep_models)", refused
    ).groups()
    project.configure(keep_models="all")
    project.run(*shlex.split(files))
    project.run(*again.split())
    assert project.snapshot() == before
    python(project, *command)
    labelled = project.folder / "new.csv"
    expected = values(project.folder / best_two / "predictions" / "dev.csv")
    assert np.abs(values(labelled, "_probability") - expected).max() < 1e-5
    thresholds = [float(value) for value in rows[-1]["threshold"].split()]
    assert (values(labelled) == (values(labelled, "_probability") >= thresholds)).all()

    data = f"results/tiny/data/{next((project.home / 'data').iterdir()).name}"
    (project.folder / "request.json").write_text('{"texts": 5, "evaluations": 20, "threshold": "shrunk"}')
    options = ("--data", data, "--request", "request.json", "--output", "explained")
    python(project, "scripts.explain", "--run", best_two, *options)
    with (project.folder / "explained" / "logits.csv").open(newline="") as file:
        logits = {(row["id"], row["label"]): float(row["logit"]) for row in csv.DictReader(file)}
    sums = dict.fromkeys(logits, 0.0)
    for name in ("contributions", "logits"):
        with (project.folder / "explained" / f"{name}.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                sums[row["id"], row["label"]] += float(row["value" if name == "contributions" else "base"])
    assert len(logits) == 15 and all(abs(sums[key] - logit) < 1e-4 for key, logit in logits.items())


def test_in_a_cross_validation_each_fold_has_a_row_and_all_folds_predict_test(pristine_project: Project):
    project = pristine_project
    data = {key: value for key, value in project.config["data"].items() if key != "dev"}
    block = {**project.config["grid"][0], "seed": [1]}
    project.configure(data={**data, "folds": 2}, grid=[block], ensembles=["greedy"])
    assert len(project.run().trained) == 4
    rows = ensembles(project)
    assert [(row["encoder"], row["fold"]) for row in rows] == [("greedy", "1"), ("greedy", "2")]
    assert rows[0]["threshold"] == rows[1]["threshold"] and rows[0]["test_macro_f1"] == rows[1]["test_macro_f1"]
    for row in rows:
        for split in ("dev", "test"):
            predicted = values(project.home / "ensembles" / row["run"] / "predictions" / f"{split}.csv")
            np.testing.assert_allclose(predicted, mean_by_hand(project, row, split), atol=1e-8)
    runs = read_json(project.home / "ensembles" / rows[0]["run"] / "provenance.json")["selected"]["test"]["weights"]
    assert len(runs) in (2, 4) and sum(runs.values()) > 0.999
    assert project.run().nothing
    project.configure(ensembles=[])
    assert project.run().trained == [] and ensembles(project) == []
