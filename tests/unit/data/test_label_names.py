"""Labels of any name: from a file's header or classes to prepared splits, prediction tables and back."""

import csv
import io
import json
import tempfile
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.config.checking import check_config
from emotion_grid.config.validator import label_problem
from emotion_grid.data.forms import Form, read_text
from emotion_grid.data.mapping import read_mapping
from emotion_grid.data.rows import read_rows, write_predictions
from emotion_grid.data.tables import read_predictions, read_split, split_table, write_split
from emotion_grid.data.texts import map_table
from testing.names import AS_LABELS

NAMES = st.lists(
    st.sampled_from(AS_LABELS) | st.text(min_size=1, max_size=8).filter(lambda name: not label_problem(name)),
    min_size=1,
    max_size=6,
).map(lambda names: list(dict.fromkeys(unicodedata.normalize("NFC", name) for name in names)))


def separated(rows: list[list[str]]) -> bytes:
    """Rows as a CSV file."""
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()


def read(content: bytes, folder: Path, names: list[str], name: str = "a.csv", **reading):
    """A file of two texts as a prepared split."""
    (folder / name).write_bytes(content)
    mapping = read_mapping({"labels": names, "reading": reading})
    mapped = map_table(read_text(folder / name, Form(separator="comma")), mapping, name, gold=True)
    assert not mapped.problems
    return split_table(mapped, names)


@given(NAMES, st.sampled_from(["NFC", "NFD"]))
def test_a_label_keeps_its_name_and_its_values_from_the_header_to_the_prediction_table(names, form):
    gold = np.array([[float((place + row) % 2) for place in range(len(names))] for row in range(2)])
    header = ["text", *(unicodedata.normalize(form, name) for name in names), "id"]
    cells = [[f"text {row}", *(str(int(value)) for value in gold[row]), f"i{row}"] for row in range(2)]
    with tempfile.TemporaryDirectory() as folder:
        write_split(read(separated([header, *cells]), Path(folder), names), f"{folder}/split.csv")
        table, rows = read_split(f"{folder}/split.csv"), read_rows(f"{folder}/split.csv")
        assert list(table.columns) == ["id", "text", *names] and rows.labels == names
        assert (table[names].to_numpy() == gold).all() and (rows.gold == gold).all()
        write_predictions(f"{folder}/predicted.csv", rows.ids, names, 0.25 + gold / 2)
        predictions = read_predictions(f"{folder}/predicted.csv", names)
        assert list(predictions.columns) == ["id", *names]
        assert (predictions[names].to_numpy() == 0.25 + gold / 2).all()


@pytest.mark.parametrize(
    ("names", "write"),
    [
        (AS_LABELS, str),
        (AS_LABELS, lambda name: json.dumps([name])),
        (AS_LABELS, lambda name: repr([name])),
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_every_name_can_be_a_class(tmp_path, names, write, form):
    rows = [[f"i{place}", "x", write(unicodedata.normalize(form, name))] for place, name in enumerate(names)]
    table = read(separated([["id", "text", "mood"], *rows]), tmp_path, names, label_column="mood")
    assert (table[names].to_numpy() == np.eye(len(names))).all()


def test_names_of_a_config_meet_those_of_a_json_file(tmp_path):
    """Fault: a file from a Mac writes é as two characters, and its column was not found."""
    data = {"train": "a.json", "labels": {"joy": "gai\u0301"}, "label_column": "e\u0301motion"}
    config = check_config(
        {"experiment": "x", "data": data, "encoders": {"a": {"model": "./a"}}, "grid": [{"encoder": "a"}]}
    )
    lines = [{"id": "1", "text": "x", "\xe9motion": ["ga\xed"]}, {"id": "2", "text": "y", "\xe9motion": []}]
    reading = {"labels": {"joy": [config["data"]["labels"]["joy"]]}, "label_column": config["data"]["label_column"]}
    for form in ("NFC", "NFD"):
        content = unicodedata.normalize(form, "\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
        assert read(content.encode(), tmp_path, ["joy"], "a.jsonl", **reading)["joy"].tolist() == [1, 0]
