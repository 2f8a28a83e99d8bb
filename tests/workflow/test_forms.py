"""Files of every form that people have, by config alone to the report; the scores are computed again from the raw files by other code."""

import csv
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import f1_score

from testing.tiny import LABELS, Project

Gold = dict[str, list[int]]
"""0 or 1 for each of LABELS, by id."""


@dataclass(frozen=True)
class Text:
    """A text of the tiny study."""

    id: str
    text: str
    labels: list[str]


@dataclass(frozen=True)
class Form:
    """A form of file.

    Attributes:
        suffix: of the files' names.
        write: writes texts in this form.
        gold: what such a file says of its texts, read without the project's code.
        config: keys of `data`.
    """

    suffix: str
    write: Callable[[list[Text], Path], None]
    gold: Callable[[Path], Gold]
    config: dict


def flags(labels: list[str]) -> list[int]:
    return [int(label in labels) for label in LABELS]


CLASSES = ["annoyance", "fear", "joy", "neutral", "anger"]


def write_goemotions(texts: list[Text], path: Path) -> None:
    """As GoEmotions is published: no header, the text first, numbers of classes with commas between them, the id last."""
    (path.parent / "emotions.txt").write_text("\n".join(CLASSES))
    with path.open("w") as file:
        for text in texts:
            numbers = sorted(CLASSES.index(label) for label in text.labels) or [CLASSES.index("neutral")]
            file.write(f"{text.text}\t{','.join(map(str, numbers))}\t{text.id}\n")


def goemotions_gold(path: Path) -> Gold:
    table = pd.read_csv(path, sep="\t", header=None, names=["text", "numbers", "id"], dtype=str, quoting=csv.QUOTE_NONE)
    names = (path.parent / "emotions.txt").read_text().split()
    united = {"annoyance": "anger"}
    return {
        row.id: flags([united.get(names[int(number)], names[int(number)]) for number in row.numbers.split(",")])
        for row in table.itertuples()
    }


def write_spreadsheet(texts: list[Text], path: Path) -> None:
    """As Excel exports a table where commas stand in numbers: semicolons, a byte order mark, TRUE and FALSE."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(["Nr", "Kommentar", *LABELS])
        for text in texts:
            writer.writerow([text.id, f'"{text.text}"; x', *(str(bool(flag)).upper() for flag in flags(text.labels))])


def spreadsheet_gold(path: Path) -> Gold:
    table = pd.read_csv(path, sep=";", encoding="utf-8-sig")
    return {row["Nr"]: [int(row[label]) for label in LABELS] for _, row in table.iterrows()}


def write_json_lines(texts: list[Text], path: Path) -> None:
    """Objects with a list of labels each."""
    path.write_text("".join(json.dumps({"key": t.id, "body": t.text, "tags": t.labels}) + "\n" for t in texts))


def json_lines_gold(path: Path) -> Gold:
    return {row["key"]: flags(row["tags"]) for row in map(json.loads, path.read_text().splitlines())}


def write_parquet(texts: list[Text], path: Path) -> None:
    """Intensities from 0 to 3, of which 2 and more count."""
    rows = [
        {"id": t.id, "text": t.text}
        | {label: (2 if label in t.labels else 0) + (len(t.text) + at) % 2 for at, label in enumerate(LABELS)}
        for t in texts
    ]
    pd.DataFrame(rows).to_parquet(path)


def parquet_gold(path: Path) -> Gold:
    table = pd.read_parquet(path).set_index("id")
    return {
        str(key): [int(value >= 2) for value in row] for key, row in zip(table.index, table[LABELS].values, strict=True)
    }


def write_one_class(texts: list[Text], path: Path) -> None:
    """One class a row, as in ISEAR; no ids."""
    pd.DataFrame({"SIT": [t.text for t in texts], "Field1": [(t.labels or ["shame"])[0] for t in texts]}).to_csv(
        path, index=False
    )


def one_class_gold(path: Path) -> Gold:
    with path.open(newline="") as file:
        return {str(number): flags([row["Field1"]]) for number, row in enumerate(csv.DictReader(file), start=1)}


def write_label_studio(texts: list[Text], path: Path) -> None:
    """An export of Label Studio: three people, of whom the third is wrong."""
    items = []
    for text in texts:
        answers = [text.labels, text.labels, [label for label in LABELS if label not in text.labels]]
        annotations = [{"result": [{"value": {"choices": choices}}] if choices else []} for choices in answers]
        items.append({"id": text.id, "data": {"text": text.text}, "annotations": annotations})
    path.write_text(json.dumps(items))


def label_studio_gold(path: Path) -> Gold:
    found = {}
    for item in json.loads(path.read_text()):
        choices = [[c for result in a["result"] for c in result["value"]["choices"]] for a in item["annotations"]]
        found[item["id"]] = [int(2 * sum(label in c for c in choices) > len(choices)) for label in LABELS]
    return found


FORMS = {
    "goemotions": Form(
        "tsv",
        write_goemotions,
        goemotions_gold,
        {
            "read": {"header": ["text", "emotions", "id"]},
            "label_column": "emotions",
            "classes": "raw/emotions.txt",
            "labels": {"anger": ["anger", "annoyance"], "fear": "fear", "joy": "joy"},
        },
    ),
    "semicolons": Form("csv", write_spreadsheet, spreadsheet_gold, {"columns": {"id": "Nr", "text": "Kommentar"}}),
    "json lines": Form(
        "jsonl", write_json_lines, json_lines_gold, {"columns": {"id": "key", "text": "body"}, "label_column": "tags"}
    ),
    "intensities": Form("parquet", write_parquet, parquet_gold, {"positive_from": 2}),
    "one class": Form(
        "csv",
        write_one_class,
        one_class_gold,
        {"columns": {"id": None, "text": "SIT"}, "label_column": "Field1", "classes": [*LABELS, "shame"]},
    ),
    "label studio": Form(
        "json",
        write_label_studio,
        label_studio_gold,
        {
            "read": {"rows": "annotations"},
            "columns": {"id": "id", "text": "data.text"},
            "label_column": "annotations.result.value.choices",
            "unlabelled": [],
            "raters": {"unite": "majority"},
        },
    ),
}


def texts_of(project: Project, split: str) -> list[Text]:
    with (project.folder / "texts" / f"{split}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [Text(row["id"], row["text"], [label for label in LABELS if row[label] == "1"]) for row in rows]


def check_scores(project: Project, gold: dict[str, Gold], labels: list[str]) -> None:
    """Macro-F1 of every row on dev and test, from its probabilities, its thresholds and the raw files."""
    with (project.home / "summary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} == {"run", "baseline"}
    for row in rows:
        folder = project.home / ("runs" if row["kind"] == "run" else "baselines") / row["run"] / "predictions"
        for split, column in (("dev", "dev_threshold"), ("test", "threshold")):
            table = pd.read_csv(folder / f"{split}.csv", dtype={"id": str}, keep_default_na=False)
            assert sorted(table["id"]) == sorted(gold[split])
            thresholds = [float(value) for value in row[column].split()]
            predicted = table[labels].astype(float).values >= thresholds
            true = [gold[split][key] for key in table["id"]]
            score = f1_score(true, predicted, average="macro", zero_division=0)
            assert float(row[f"{split}_macro_f1"]) == pytest.approx(score, abs=1e-6), (row["run"], split)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_goes_from_file_to_report_by_config_alone(pristine_project: Project, name: str):
    project, form = pristine_project, FORMS[name]
    (project.folder / "raw").mkdir()
    files = {split: f"raw/{split}.{form.suffix}" for split in ("train", "dev", "test")}
    for split, path in files.items():
        form.write(texts_of(project, split), project.folder / path)
    grid = [{**project.config["grid"][0], "encoder": "one", "seed": [1]}]
    project.configure(data={**files, "labels": LABELS, "validation": 0.2, **form.config}, grid=grid)
    project.run()
    assert (project.home / "report.html").is_file()
    check_scores(project, {split: form.gold(project.folder / files[split]) for split in ("dev", "test")}, LABELS)


GOEMOTIONS = Path(os.environ.get("GOEMOTIONS_DATA", "."))


@pytest.mark.skipif(
    not (GOEMOTIONS / "emotions.txt").is_file(), reason="GOEMOTIONS_DATA names no folder with emotions.txt"
)
def test_goemotions_as_published_is_scored_as_its_files_say(pristine_project: Project):
    project = pristine_project
    labels = (GOEMOTIONS / "emotions.txt").read_text().split()
    project.configure(
        data={
            **{split: f"{split}.tsv" for split in ("train", "dev", "test")},
            **FORMS["goemotions"].config,
            "classes": "emotions.txt",
            "labels": labels,
        },
        data_root=str(GOEMOTIONS),
        grid=[{**project.config["grid"][0], "encoder": "one", "seed": [1]}],
    )
    project.run(seconds=3000)
    gold: dict[str, Gold] = {}
    for split in ("dev", "test"):
        lines = [line.split("\t") for line in (GOEMOTIONS / f"{split}.tsv").read_text(encoding="utf-8").splitlines()]
        gold[split] = {
            key: [int(str(at) in numbers.split(",")) for at in range(len(labels))] for _, numbers, key in lines
        }
    check_scores(project, gold, labels)
