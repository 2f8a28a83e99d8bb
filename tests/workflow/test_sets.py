"""A study on two data sets, one of which lacks a label: each as if it were alone, and both together."""

import csv
import subprocess
import sys

import pandas as pd

from testing.tiny import LABELS, Project


def two_sets(project: Project) -> None:
    """German texts without the label fear, and English ones with all labels; one setting of two seeds."""
    for split in ("train", "dev", "test"):
        with (project.folder / f"texts/{split}.csv").open() as file:
            header, *rows = csv.reader(file)
        for name, missing in (("eng", ()), ("deu", ("fear",))):
            kept = [place for place, column in enumerate(header) if column not in missing]
            with (project.folder / f"texts/{name}-{split}.csv").open("w", newline="") as file:
                writer = csv.writer(file)
                writer.writerow([header[place] for place in kept])
                for row in rows:
                    writer.writerow([f"{row[1]} {name}" if header[place] == "text" else row[place] for place in kept])
    files = {split: f"texts/{{set}}-{split}.csv" for split in ("train", "dev", "test")}
    project.configure(
        data={"sets": "all", **files, "labels": LABELS, "validation": 0.2},
        grid=[{**project.config["grid"][0], "encoder": "one"}],
    )


def test_each_set_is_studied_as_if_alone_and_a_change_in_one_leaves_the_other_alone(pristine_project):
    project = pristine_project
    two_sets(project)
    first = project.run()
    assert "Labels without a column: deu: fear" in first.output
    assert len(first.trained) == 4 and "Report on all data sets: results/tiny/report.html" in first.output
    homes = {name: project.home / "sets" / name for name in ("deu", "eng")}
    for name, labels in (("deu", ["anger", "joy"]), ("eng", LABELS)):
        (predictions, *_) = homes[name].glob("runs/*/predictions/dev.csv")
        assert list(pd.read_csv(predictions).columns) == ["id", *labels]
        assert (homes[name] / "report.html").is_file()
    sets, summary = (pd.read_csv(project.home / f"{name}.csv") for name in ("sets", "summary"))
    assert sets["sets"].tolist() == [2, 2, 2] and set(summary["data"]) == {"deu", "eng"}
    by_hand = summary[summary["kind"] == "run"].groupby("data")["dev_macro_f1"].mean().mean()
    assert abs(sets.loc[sets["kind"] == "run", "dev_macro_f1_mean"].iloc[0] - by_hand) < 1e-5
    assert project.run().nothing

    told = [sys.executable, "-m", "scripts.status", "--results", "results/tiny"]
    status = subprocess.run(told, cwd=project.folder, capture_output=True, text=True, check=True).stdout
    assert "tiny/sets/deu: 2 runs: 2 done" in status and "tiny/sets/eng: 2 runs: 2 done" in status

    dev = project.folder / "texts/eng-dev.csv"
    lines = dev.read_text().splitlines(keepends=True)
    cells = lines[1].rstrip("\n").split(",")
    dev.write_text(
        "".join(
            [lines[0], ",".join([*cells[:2], *("1" if cell == "0" else "0" for cell in cells[2:])]) + "\n", *lines[2:]]
        )
    )
    again = project.run()
    assert again.trained == [], "a corrected label of dev trains nothing"
    assert (
        "Scoring the predictions of tiny/sets/eng" in again.output
        and "predictions of tiny/sets/deu" not in again.output
    )
    assert "Writing the report on all data sets" in again.output
