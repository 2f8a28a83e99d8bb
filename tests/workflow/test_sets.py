"""A study on two data sets, one of which lacks a label: each as if it were alone, and both together."""

import csv
import subprocess
import sys
from pathlib import Path

import pandas as pd

from testing.tiny import LABELS, Project


def two_sets(project: Project) -> None:
    """German texts without the label fear, English ones with all labels, and both together; one setting of two seeds."""
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
        data={"sets": {"all": None, "both": {"train_on": "all"}}, **files, "labels": LABELS, "validation": 0.2},
        grid=[{**project.config["grid"][0], "encoder": "one"}],
    )


def check_union(project: Project, homes: dict[str, Path]) -> None:
    """The set that unites both is trained on the rows of both, judged on each, and fear is never counted against German texts."""
    both = project.home / "sets" / "both"
    (prepared,) = both.glob("data/*/train.csv")
    rows = pd.read_csv(prepared)
    parts = {name: pd.read_csv(next(home.glob("data/*/train.csv"))) for name, home in homes.items()}
    assert rows["id"].tolist() == [f"{name}/{id_}" for name, part in parts.items() for id_ in part["id"]]
    german = rows["id"].str.startswith("deu/")
    assert rows.loc[german, "fear"].isna().all() and rows.loc[~german, "fear"].notna().all()
    summary = pd.read_csv(project.home / "summary.csv")
    row = summary[(summary["trained_on"] == "both") & (summary["data"] == "deu") & (summary["kind"] == "run")].iloc[0]
    predictions = pd.read_csv(next(both.glob(f"runs/{row['run']}/predictions/dev.csv"))).set_index("id")
    gold = pd.read_csv(next(homes["deu"].glob("data/*/dev.csv"))).set_index("id")
    own = pd.read_csv(both / "summary.csv").set_index("run").loc[row["run"]]
    threshold = own["dev_threshold"] if "dev_threshold" in own else own["threshold"]
    values = [float(value) for value in str(threshold).split()]
    cuts = dict(zip(LABELS, values * len(LABELS) if len(values) == 1 else values, strict=False))
    found = []
    for label in ("anger", "joy"):
        predicted = predictions.loc[[f"deu/{id_}" for id_ in gold.index], label].to_numpy() >= cuts[label]
        wanted = gold[label].to_numpy() == 1
        found.append(2 * (predicted & wanted).sum() / (predicted.sum() + wanted.sum()))
    assert abs(row["dev_macro_f1"] - sum(found) / 2) < 1e-5


def test_each_set_is_studied_as_if_alone_and_a_change_in_one_leaves_the_other_alone(pristine_project):
    project = pristine_project
    two_sets(project)
    first = project.run()
    assert "Labels without a column: deu: fear" in first.output
    assert len(first.trained) == 6 and "Report on all data sets: results/tiny/report.html" in first.output
    homes = {name: project.home / "sets" / name for name in ("deu", "eng")}
    for name, labels in (("deu", ["anger", "joy"]), ("eng", LABELS)):
        (predictions, *_) = homes[name].glob("runs/*/predictions/dev.csv")
        assert list(pd.read_csv(predictions).columns) == ["id", *labels]
        assert (homes[name] / "report.html").is_file()
    sets, summary = (pd.read_csv(project.home / f"{name}.csv") for name in ("sets", "summary"))
    assert sets["sets"].tolist() == [2] * 6 and set(summary["data"]) == {"deu", "eng"}
    alone = summary[(summary["kind"] == "run") & (summary["trained_on"] == "the set itself")]
    by_hand = alone.groupby("data")["dev_macro_f1"].mean().mean()
    assert abs(sets.loc[sets["kind"] == "run", "dev_macro_f1_mean"].iloc[0] - by_hand) < 1e-5
    check_union(project, homes)
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
