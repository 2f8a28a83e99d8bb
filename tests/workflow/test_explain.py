"""Explanations on request: of a run whose model is gone, once, and again only if what is asked for changes."""

import csv


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
