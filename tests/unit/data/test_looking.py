"""A first look at files as people have them: the section that is printed reads them as their authors meant."""

import csv
import json
import re
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from emotion_grid.config.checking import check_config
from emotion_grid.config.sets import check_sets
from emotion_grid.data.forms import Form
from emotion_grid.data.looking import look
from emotion_grid.data.mapping import read_mapping
from emotion_grid.data.sources import read_source
from emotion_grid.data.texts import map_table
from emotion_grid.plan.inputs import label_names, reading_of
from testing.tiny import PROJECT

TEXTS = ["so very glad today", "they were all afraid of it", "nothing to say", "a day like every other one"]


AROUND = {"experiment": "x", "encoders": {"e": {"model": "m"}}, "grid": [{"encoder": "e"}]}
"""The rest of a config."""


def config_of(data: dict) -> dict:
    """A checked config with a section of data."""
    return check_config({**AROUND, "data": data})


@pytest.fixture
def understood(tmp_path):
    """Call with a file's name and rows (or its content): the texts as the printed section reads them."""

    def make(name: str, content: str):
        path = tmp_path / name
        path.write_text(content)
        lines = "\n".join(look([path], Form()))
        section = yaml.safe_load(lines[lines.index("data:\n") :])["data"]
        config = config_of(section)
        mapping = read_mapping({"labels": label_names(config), "reading": reading_of(config)})
        mapped = map_table(read_source(path, mapping.form), mapping, path, gold=True)
        assert mapped.problems == []
        given = [
            {label for label, value in zip(mapping.names, values, strict=True) if value} for values in mapped.values
        ]
        return section, list(zip(mapped.ids, mapped.texts, given, strict=True))

    return make


def test_columns_of_0_and_1(understood):
    rows = "\n".join(f"t{n};{text};{n % 2};{n // 2}" for n, text in enumerate(TEXTS))
    section, found = understood("a.csv", f"ID;Tweet;joy;fear\n{rows}\n")
    assert section["columns"] == {"id": "ID", "text": "Tweet"}
    assert found[1] == ("t1", TEXTS[1], {"joy"}) and found[2] == ("t2", TEXTS[2], {"fear"})


def test_no_header_and_numbers_of_classes(understood):
    rows = "".join(
        f"{text} {text}\t{numbers}\tx{n}q\n"
        for n, (text, numbers) in enumerate(zip(TEXTS, ["2", "0,2", "1", "1"], strict=True))
    )
    section, found = understood("a.tsv", rows)
    assert section["read"] == {"header": ["column_1", "column_2", "column_3"]}
    assert [given for _, _, given in found] == [{"class_2"}, {"class_0", "class_2"}, {"class_1"}, {"class_1"}]
    assert [key for key, _, _ in found] == ["x0q", "x1q", "x2q", "x3q"]


def test_one_class_a_row_without_ids(understood):
    lines = [{"text": text, "label": label} for text, label in zip(TEXTS, ["joy", "fear", "joy", "fear"], strict=True)]
    section, found = understood("a.jsonl", "\n".join(map(json.dumps, lines)))
    assert section["columns"] == {"id": None, "text": "text"}
    assert found[1] == ("2", TEXTS[1], {"fear"})


def test_a_row_for_each_text_and_class_with_a_column_for_each_rater(understood):
    rows = [
        (n, text, name, 3 * (n == k), 0, 2 * (n == k))
        for n, text in enumerate(TEXTS)
        for k, name in enumerate(("Joy", "Fear"))
    ]
    content = pd.DataFrame(rows, columns=["text_id", "text", "emotion", "r-1", "r-2", "r-3"]).to_csv(index=False)
    section, found = understood("a.csv", content)
    assert section["raters"] == {"unite": "majority", "columns": ["r-1", "r-2", "r-3"]}
    assert [given for _, _, given in found] == [{"Joy"}, {"Fear"}, set(), set()]


def test_a_file_without_labels_is_still_shown(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,text\n1,so glad\n2,a day\n")
    lines = list(look([path], Form()))
    assert any("no column was found that holds labels" in line for line in lines)
    assert any("row 2: id = 2; text = a day" in line for line in lines)


def test_files_are_splits_by_their_names(tmp_path):
    paths = [tmp_path / name for name in ("train.csv", "validation.csv", "test.csv")]
    for path in paths:
        path.write_text("id,text,joy\n1,so glad,1\n2,a day,0\n")
    section = yaml.safe_load(list(look(paths, Form()))[-1])["data"]
    assert [section[split] for split in ("train", "dev", "test")] == [str(path) for path in paths]
    assert yaml.safe_load(list(look(paths[1:2], Form()))[-1])["data"]["train"] == str(paths[1])


def test_hostile_cells_stay_within_their_line(tmp_path):
    """Fault: a cell moves the cursor of a terminal, or its line breaks look like lines of the program."""
    path = tmp_path / "a.csv"
    with path.open("w", newline="") as file:
        rows = [("\x1b[2J", "=HYPERLINK(1)\ndata: {}", "1", "0"), ("../../x", "<script>\u202e" + "y" * 10**6, "0", "1")]
        csv.writer(file).writerows([("id", "text", "joy\n", "joy\u202e"), *rows])
    lines = list(look([path], Form()))
    assert max(map(len, lines)) < 2000
    assert all(character.isprintable() for line in lines for character in line.replace("\n", ""))
    section = yaml.safe_load(lines[-1])
    assert section["data"]["labels"] == {"joy": "joy\n", "label-2": "joy\u202e"}


def test_the_program_prints_and_writes_nothing_else(tmp_path):
    (tmp_path / "a.csv").write_text("id,text,joy\n1,so glad,1\n2,a day,0\n")
    command = [sys.executable, "-m", "scripts.look_at_data", str(tmp_path / "a.csv")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert yaml.safe_load(done.stdout[done.stdout.index("data:") :])["data"]["labels"] == ["joy"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    (tmp_path / "b.csv").write_bytes(b"\x89PNG\x00\x00")
    done = subprocess.run([*command[:-1], str(tmp_path / "b.csv")], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"error: {tmp_path}/b.csv: expected a table, found a file that is no text\n"


def test_every_section_in_the_documentation_is_a_config():
    page = (PROJECT / "docs" / "data.md").read_text()
    sections = re.findall(r"^```yaml\n(data:\n.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(sections) >= 10
    for section in sections:
        data = yaml.safe_load(section)["data"]
        if "sets" in data:
            assert len(check_sets({**AROUND, "data": data})) >= 2
            continue
        config = config_of(data)
        if config["data"].get("classes") != "emotions.txt":
            assert read_mapping({"labels": label_names(config), "reading": reading_of(config)}).names
