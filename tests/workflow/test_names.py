"""A study whose labels have names that tables, pages and programs could read as something else."""

import csv
import re

from testing.pages import section_of, table_of, text_of

NAMES = {"anger": "None", "fear": "a<b>/&", "joy": "ความสุข"}


def test_a_study_of_labels_of_any_name_is_whole(project):
    for path in (project.folder / "texts").glob("*.csv"):
        header, rest = path.read_text().split("\n", 1)
        path.write_text(",".join(NAMES.get(name, name) for name in header.split(",")) + "\n" + rest, encoding="utf-8")
    labels = list(NAMES.values())
    block = {**project.config["grid"][0], "encoder": "one", "seed": 1}
    asked = {"texts": 3, "evaluations": 10}
    project.configure(data={**project.config["data"], "labels": labels}, grid=[block], explanations=asked)
    assert len(project.run().trained) == 1
    (run,) = (row["run"] for row in project.summary())
    with (project.home / "metrics.csv").open(encoding="utf-8", newline="") as file:
        assert {row["label"] for row in csv.DictReader(file)} == {"", *labels}
    page = (project.home / "report.html").read_text(encoding="utf-8")
    assert set(labels) <= {
        row.get("label") for row in table_of("<table" + section_of(page, "labels").split("<table")[-1])
    }
    card = (project.home / "runs" / run / "model" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\w+) \| macro_f1", card, flags=re.MULTILINE) == ["validation", "dev", "test"]
    explained = (project.home / "explanations" / run / "explanation.html").read_text(encoding="utf-8")
    assert all(name in text_of(explained) for name in labels) and "a<b>" not in page + explained
    project.run("paper")
    assert all(
        "ความสุข" in path.read_text(encoding="utf-8")
        for path in (project.home / "paper").rglob("labels.*")
        if path.suffix != ".pdf"
    )
