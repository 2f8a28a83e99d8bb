"""Rows that a language model answers, in a study."""

import csv
from collections import Counter

import pytest

from testing.language_model import fake_model, say_labels, status
from testing.tiny import LABELS, Project


@pytest.fixture
def server(monkeypatch):
    """Says a label of every text in which one of the label's words stands; its key is asked for."""
    words = {"anger": "anger", "rage": "anger", "fury": "anger", "fear": "fear", "dread": "fear", "panic": "fear"}
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("TINY_KEY", "sk-of-the-test")
    with fake_model() as server:
        server.content = lambda text, labels: say_labels(
            " ".join(words.get(word, "joy") for word in text.split()), labels
        )
        yield server


def configure(project: Project, server, **special) -> None:
    (project.folder / "prompt.md").write_text("Which of {labels} has the text?\n")
    entry = {"model": "tiny", "prompt": "prompt.md", "endpoint": server.address, "key_from": "TINY_KEY"}
    project.configure(language_models={"zero": entry, "two": {**entry, "examples": 2, **special}})


def rows(project: Project) -> dict[str, dict]:
    with (project.home / "summary.csv").open() as file:
        return {row["encoder"]: row for row in csv.DictReader(file) if row["kind"] == "language model"}


def test_language_models_stand_in_the_tables_and_are_asked_once(server, project: Project):
    configure(project, server)
    assert not project.run("--dry-run").nothing
    assert not server.requests, "a dry run asks nobody"
    project.run()
    found = rows(project)
    assert set(found) == {"zero", "two"}
    assert float(found["zero"]["test_macro_f1"]) > 0.5
    asked = Counter(len(request["messages"]) for request in server.requests)
    assert asked == {2: 12 + 20 + 20, 6: 12 + 20 + 20}, "validation, dev and test, with and without two examples"
    assert server.keys == {"sk-of-the-test"}
    page = (project.home / "report.html").read_text()
    assert "Language models" in page
    assert project.run().nothing
    for folder in (project.home, project.folder / ".snakemake", project.folder / "answers"):
        assert not [path for path in folder.rglob("*") if path.is_file() and b"sk-of-the-test" in path.read_bytes()]

    project.configure(experiment="another")
    project.run("ask")
    assert len(server.requests) == asked.total(), "another study with the same questions costs nothing"
    other = project.home.parent / "another"
    assert len(list(other.glob("language-models/*/predictions/test.csv"))) == 2
    assert not list(other.glob("runs/*/history.csv")), "`ask` trains nothing"


def test_an_endpoint_that_refuses_is_named_at_the_end(server, project: Project):
    configure(project, server)
    server.faults = [status(401, {"error": {"message": "who is sk-of-the-test?"}})] * 20
    output = project.run("ask", fails=True).output
    assert "expected an answer, found status 401: who is (key)?" in output
    assert "sk-of-the-test" not in output
    server.faults = []
    project.run("ask")
    assert LABELS[0] in next(project.home.glob("language-models/zero_*/predictions/test.csv")).read_text()
