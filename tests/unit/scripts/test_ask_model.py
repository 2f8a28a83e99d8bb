"""The program that asks a language model: the tables that it writes, and what a kill costs."""

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from emotion_grid.base.cli import run_program
from emotion_grid.base.files import read_json, write_json
from emotion_grid.data.splits import SPLITS
from emotion_grid.data.tables import read_predictions, read_split, write_split
from scripts import ask_model
from testing.language_model import fake_model, say_labels
from testing.tiny import PROJECT

LABELS = ["anger", "joy"]
ROWS = {"train": 30, "validation": 6, "dev": 0, "test": 40}
WORDS = ["joy", "anger", "rain"]


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with fake_model() as server:
        yield server


@pytest.fixture
def command(server, tmp_path):
    """Call with what is special about the row and options: the command line of its program, on prepared splits of a few texts."""
    for split, count in ROWS.items():
        texts = [f"so much {WORDS[number % 3]} {split} {number}" for number in range(count)]
        gold = np.array([[word in text for word in LABELS] for text in texts], dtype=float).reshape(count, 2)
        table = pd.DataFrame(gold, columns=LABELS)
        table.insert(0, "text", pd.Series(texts, dtype=str))
        table.insert(0, "id", pd.Series([f"{split}-{number}" for number in range(count)], dtype=str))
        write_split(table, tmp_path / "data" / f"{split}.csv")

    def command(output="row", options=(), **special):
        spec = {
            "model": "tiny",
            "prompt": "Say {labels}.\n---\nText: {text}",
            "examples": 0,
            "seed": 1,
            "parameters": {},
        }
        write_json(tmp_path / output / "spec.json", {**spec, "data": {"labels": LABELS}, **special})
        folders = {"data": "data", "output": output, "answers": "answers"}
        paths = [part for name, folder in folders.items() for part in (f"--{name}", tmp_path / folder)]
        start = [sys.executable, "-m", "scripts.ask_model", "--spec", tmp_path / output / "spec.json", *paths]
        return [str(part) for part in (*start, "--endpoint", server.address, *options)]

    return command


@dataclass(frozen=True)
class Done:
    """What a program that ran in this process did."""

    returncode: int
    stderr: str


@pytest.fixture
def run(monkeypatch, capsys):
    """Call with a command line: the program runs in this process, since its imports take longer than the program."""

    def run(command):
        monkeypatch.setattr(sys, "argv", command[2:])
        status = run_program(ask_model.main)
        return Done(status, "".join(capsys.readouterr()))

    return run


def text_of(request):
    return request["messages"][-1]["content"]


def test_every_text_of_every_split_is_predicted(run, command, server, tmp_path):
    contents = {"Text: so much joy test 0": "", "Text: so much anger test 1": "It is anger."}
    server.content = lambda text, labels: contents[text] if text in contents else say_labels(text, labels)
    done = run(command())
    assert done.returncode == 0, done.stderr
    for split in SPLITS:
        table = read_split(tmp_path / "data" / f"{split}.csv")
        found = read_predictions(tmp_path / "row" / "predictions" / f"{split}.csv", LABELS)
        assert list(found["id"]) == list(table["id"])
        expected = [
            [0.0 if f"Text: {text}" in contents else 0.9 if word in text else 0.1 for word in LABELS]
            for text in table["text"]
        ]
        assert found[LABELS].to_numpy().tolist() == [pytest.approx(row) for row in expected]
    record = read_json(tmp_path / "row" / "provenance.json")
    test = record["answers"]["test"]
    assert test["problems"] == {"no JSON object": 2}
    assert (test["answered"], test["weighed"], test["models"]) == (38, 38, ["tiny-1"])
    assert test["tokens"] == {"input": 40 * 50, "output": 40 * 20}
    assert "predictions/test.csv" in record["digests"]
    assert {text_of(request).split()[4] for request in server.requests} == {"validation", "test"}, "train is not asked"


def test_examples_are_shown_from_train_alone_as_turns_of_the_conversation(run, command, server):
    done = run(command(examples=3))
    assert done.returncode == 0, done.stderr
    for request in server.requests:
        system, *turns, last = request["messages"]
        assert [turn["role"] for turn in turns] == ["user", "assistant"] * 3
        for shown, said in zip(turns[::2], turns[1::2], strict=True):
            assert shown["content"].startswith("Text: so much") and " train " in shown["content"]
            assert json.loads(said["content"]) == {label: label in shown["content"] for label in LABELS}
        assert text_of(request).split()[3] == turns[-2]["content"].split()[3], "the nearest is about the same word"
        assert (system["role"], last["role"]) == ("system", "user")


def test_another_row_with_the_same_questions_costs_nothing_and_another_prompt_is_asked(run, command, server, tmp_path):
    assert run(command()).returncode == 0
    asked = len(server.requests)
    assert run(command("again")).returncode == 0
    assert len(server.requests) == asked
    tables = [(tmp_path / row / "predictions" / "test.csv").read_bytes() for row in ("row", "again")]
    assert tables[0] == tables[1]
    assert run(command("other", prompt="Which of {labels}?")).returncode == 0
    assert len(server.requests) == 2 * asked


def test_a_kill_loses_no_answer_and_none_is_paid_for_twice(run, command, server, tmp_path):
    server.delay, at_once = 0.1, 2
    start = command(options=("--at-once", at_once))
    process = subprocess.Popen(start, cwd=PROJECT, stderr=subprocess.DEVNULL)
    while not server.requests:
        assert process.poll() is None
        time.sleep(0.01)
    while server.delivered.total() < 8:
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = [
        json.loads(line)
        for path in (tmp_path / "answers").iterdir()
        for line in path.read_bytes().split(b"\n")
        if line[-1:] == b"}"
    ]
    answered = {line["answered"] for line in kept if "answered" in line}
    assert 0 < len(answered) < 46
    time.sleep(0.3)  # the server ends what it was asked
    before = Counter(map(text_of, server.requests))
    server.delay = 0
    done = run(start)
    assert done.returncode == 0, done.stderr
    requests = Counter(map(text_of, server.requests))
    assert len(requests) == 46
    twice = {text for text, count in requests.items() if count > 1}
    assert len(twice) <= at_once, "only what was on its way at the moment of the kill is asked again"
    assert sum((requests - before).values()) == 46 - len(answered)
    record = read_json(tmp_path / "row" / "provenance.json")
    assert sum(record["answers"][split]["answered"] for split in SPLITS) == 46


def test_a_budget_ends_the_program_in_one_line_without_tables(run, command, server, tmp_path):
    done = run(command(options=("--tokens", 2000)))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: budget: expected enough for all questions")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "row" / "predictions").exists()
    assert 0 < server.delivered.total() * 70 <= 2000


def test_no_file_and_no_line_holds_the_key(run, command, server, tmp_path, monkeypatch):
    monkeypatch.setenv("A_KEY", "sk-secret")
    done = run(command(options=("--key-from", "A_KEY")))
    assert done.returncode == 0, done.stderr
    assert server.keys == {"sk-secret"}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 5
    assert not any(b"sk-secret" in path.read_bytes() for path in files)
    assert "sk-secret" not in done.stderr


def test_prices_without_money_are_refused(run, command):
    done = run(command(options=("--prices", "1", "2")))
    assert done.stderr.splitlines()[-1] == "error: expected --money and --prices together, found one of them"


def test_answers_that_say_nothing_of_their_tokens_count_as_zero_and_one(run, command, server, tmp_path):
    server.probability = None
    assert run(command()).returncode == 0
    found = read_predictions(tmp_path / "row" / "predictions" / "test.csv", LABELS)
    assert set(found[LABELS].to_numpy().ravel()) == {0.0, 1.0}
    assert read_json(tmp_path / "row" / "provenance.json")["answers"]["test"]["weighed"] == 0
