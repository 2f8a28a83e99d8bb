"""Explanations on request: of a run whose model is gone, once, and again only if what is asked for changes."""

import csv
import re

from emotion_grid.base.files import read_json
from testing.tiny import take_offsets


def test_a_named_run_is_explained_though_its_model_was_cleared_away(project):
    name = next(row["run"] for row in project.summary() if not (project.home / "runs" / row["run"] / "model").is_dir())
    before = project.snapshot()
    project.configure(explanations={"run": name, "texts": 5, "evaluations": 20})
    project.run("explain")
    folder = project.home / "explanations" / name
    with (folder / "contributions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["id"] for row in rows}) == 5 and {row["run"] for row in rows} == {name}
    assert (folder / "explanation.html").is_file() and project.snapshot() == before, "its predictions stay as they are"
    assert project.run("explain").nothing
    project.configure(explanations={"run": name, "texts": 6, "evaluations": 20})
    assert "Explaining" in project.run("-n", "explain").output
    refused = project.run("--config", "explanations={run: no-such-run}", "-n", "explain", fails=True)
    assert "explanations.run: expected best or the name of a run" in refused.output


def test_a_study_with_an_encoder_unfit_for_explanations_finishes_and_says_so(project):
    """Fault: a tokenizer without offsets failed after all training, at every start."""
    take_offsets(project.folder / "encoders" / "one")
    block = {**project.config["grid"][0], "encoder": "one"}
    project.configure(grid=[block], explanations={"texts": 5, "evaluations": 20})
    outcome = project.run()
    assert len(outcome.trained) == 2 and "Explaining the predictions" not in outcome.output
    best = next(row["run"] for row in csv.DictReader((project.home / "models.csv").open()) if row["best"] == "True")
    reason = "the tokenizer of its encoder (BertweetTokenizer) does not give the position of each token"
    assert f"Explanations: none of {best}: {reason}" in outcome.output
    page = (project.home / "report.html").read_text(encoding="utf-8")
    section = re.search(r'<section id="explanations">(.*?)</section>', page, re.DOTALL)[1]
    assert f"The run {best} has no explanation: {reason}" in section and "<a href" not in section
    key = read_json(project.home / "runs" / best / "inputs.json")["encoder"]
    assert reason in (project.folder / "cache" / key / "fetch.log").read_text()
    again = project.run("explain")
    assert "Explaining the predictions" not in again.output and reason in again.output
