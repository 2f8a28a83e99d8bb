"""Shares of the training rows and added rows, from the config to the report, on the tiny study."""

import csv
import json
import random

from testing.tiny import WORDS, Project

ADDED = {"train": "texts/other.tsv", "columns": {"id": "nr"}, "labels": {"anger": ["anger", "rage"], "joy": "joy"}}


def write_other(project: Project) -> None:
    """Rows in another form, with other labels: 24 like no text of the study, and two whose text nearly stands in dev or in test."""
    chosen = random.Random(6)
    fillers = ["".join(chosen.choices("bcdfghjk", k=60)) for _ in range(24)]
    rows = [
        [f"{chosen.choice(WORDS)} {filler}", number % 2, 0, number % 3 // 2] for number, filler in enumerate(fillers)
    ]
    for split in ("dev", "test"):
        with (project.folder / "texts" / f"{split}.csv").open() as file:
            rows.append([next(csv.DictReader(file))["text"].upper() + "!", 1, 1, 1])
    with (project.folder / "texts" / "other.tsv").open("w", newline="") as file:
        csv.writer(file, delimiter="\t").writerows(
            [["nr", "text", "anger", "rage", "joy"], *([f"o{n}", *row] for n, row in enumerate(rows))]
        )


def test_runs_read_their_share_and_their_added_rows_and_no_others_are_trained_again(project):
    write_other(project)
    finished = {row["run"] for row in project.summary()}
    before = project.snapshot()
    block = {"encoder": "one", "head": {"type": "mlp", "size": 8}, "freeze": "all"}
    mixed, first = {"name": "other", "share": [0.5, 1], "weight": 0.5}, {"name": "other", "stage": "first"}
    project.configure(
        data={**project.config["data"], "added": {"other": ADDED}},
        grid=[
            *project.config["grid"],
            {**block, "train_share": [0.25, 0.5, 0.75], "seed": [1, 2]},
            {**block, "added": [mixed, first]},
            {**block, "freeze": 1, "added": first},
        ],
    )
    trained = project.run().trained
    assert len(trained) == 10 and not finished & set(trained)
    assert {path: content for path, content in project.snapshot().items() if path in before} == before
    checks = {}
    for path in project.home.glob("data/*/checks.json"):
        spec = json.loads((path.parent / "spec.json").read_text())
        checks[spec.get("train_share", 1), spec.get("added", {}).get("share", 0)] = json.loads(path.read_text())
    rows = {share: checks[share, 0]["prepared"]["train"]["rows"] for share in (0.25, 0.5, 0.75, 1)}
    assert [round(rows[1] * share) for share in rows] == list(rows.values())
    assert {check["prepared"]["validation"]["rows"] for check in checks.values()} == {60 - rows[1]}
    assert (checks[1, 1]["added"]["rows"], checks[1, 1]["added"]["leaks"]) == (24, 2)
    assert checks[1, 1]["added"]["known"] == {"anger": 24, "fear": 0, "joy": 24}
    logs = {name: (project.home / "runs" / name / "train.log").read_text() for name in trained}
    assert all(f"{checks[1, 1]['added']['rows']} added rows" in log for name, log in logs.items() if "other-1" in name)
    assert all("first stage" in log for name, log in logs.items() if "-first" in name)
    report = (project.home / "report.html").read_text()
    assert '<section id="scaling">' in report and "training rows" in report
    assert "added rows dropped" in report
    assert project.run().nothing
