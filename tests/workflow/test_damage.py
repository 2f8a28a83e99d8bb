"""Finished work that was damaged afterwards is found, moved aside and made again: never believed, never a traceback, never for ever."""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from testing.tiny import Outcome, Project


def cut(path: Path) -> None:
    """The file ends in its middle, or nothing is left of it."""
    os.truncate(path, path.stat().st_size // 2 * (len(path.name) % 2))


def digit_changed(path: Path) -> None:
    """The file's last digit is another, or its last byte if there is none."""
    content = bytearray(path.read_bytes())
    place = max((place for place, byte in enumerate(content) if chr(byte) in "0123456789"), default=len(content) - 1)
    content[place] ^= 1
    path.write_bytes(content)


def replaced(path: Path) -> None:
    """In the file's place stands another of the study: of its name if there is one, or else of its kind."""
    home = next(parent for parent in path.parents if parent.name in ("tiny", "cache"))
    files = [file for file in sorted(home.rglob("*.*")) if file.is_file() and file.read_bytes() != path.read_bytes()]
    files.sort(key=lambda file: (file.name != path.name, file.suffix != path.suffix))
    path.write_bytes(files[0].read_bytes())


RESULTS = {
    "predictions": "runs/{one}/predictions/dev.csv",
    "history": "runs/{one}/history.csv",
    "provenance": "runs/{one}/provenance.json",
    "spec": "runs/{two}/spec.json",
    "inputs": "runs/{two}/inputs.json",
    "baseline": "baselines/{baseline}/predictions/dev.csv",
    "training rows": "data/{data}/train.csv",
    "gold labels": "data/{data}/dev.csv",
    "kept metrics": "metrics/{two}.json",
    "summary": "summary.csv",
    "settings": "settings.csv",
    "metrics": "metrics.csv",
    "comparison": "comparison.csv",
    "models": "models.csv",
    "report": "report.html",
    "plan": "plan.json",
    "request": "explanations.json",
}
"""A file of each kind in the folder of results."""

CACHE = {
    "encoder": "encoders/{encoder}/files/model.safetensors",
    "tokens": "tokens/{tokens}/files/index.safetensors",
    "features": "features/{features}/files/values.safetensors",
}
"""A file of each kind in the cache."""

REWRITTEN = ("inputs", "plan", "request", "kept metrics")
"""What is written again without a word, since it is computed anew in any case."""

TIMED = ("provenance", "history", "report", "summary", "plan")
"""What holds times, or is made from what does; their contents are compared otherwise."""


def damaged_files(project: Project) -> dict[str, Path]:
    """The files to damage, by what they are."""
    runs = sorted(row["run"] for row in project.summary())
    one, two = runs[0], runs[-1]
    inputs = json.loads((project.home / "runs" / one / "inputs.json").read_text())
    names = {
        "one": one,
        "two": two,
        "baseline": next(path.name for path in (project.home / "baselines").glob("tfidf*")),
        **{part: inputs[part].partition("/")[2] for part in ("data", "encoder", "tokens", "features")},
    }
    results = {kind: project.home / path.format(**names) for kind, path in RESULTS.items()}
    return results | {kind: project.folder / "cache" / path.format(**names) for kind, path in CACHE.items()}


def tables(project: Project) -> dict[str, list]:
    """The study's tables, without the seconds that trainings took."""
    found: dict[str, list] = {}
    for path in sorted(project.home.glob("*.csv")):
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        found[path.name] = [{key: cell for key, cell in row.items() if key != "train_seconds"} for row in rows]
    return found


def start_until_whole(project: Project) -> list[Outcome]:
    """Starts until one succeeds, three at most; none shows a traceback."""
    outcomes = []
    while not outcomes or outcomes[-1].status:
        assert len(outcomes) < 3, outcomes[-1].output
        process = project.start()
        output = process.communicate(timeout=900)[0]
        assert "Traceback" not in output, output
        outcomes.append(Outcome(process.returncode, output))
    return outcomes


@pytest.mark.parametrize("damage", [cut, digit_changed, replaced], ids=lambda damage: damage.__name__)
def test_damage_of_every_kind_of_file_is_named_and_mended(project: Project, damage: Callable[[Path], None]):
    """Fault: a digit changed in a table, a split cut at a row or another seed's features were believed, or failed at every start."""
    files = damaged_files(project)
    whole = {kind: path.read_bytes() for kind, path in files.items()}
    before, predictions = tables(project), project.snapshot()
    for path in files.values():
        damage(path)
    broken = {kind: path.read_bytes() for kind, path in files.items()}
    assert all(broken[kind] != whole[kind] for kind in files)
    said = "".join(outcome.output for outcome in start_until_whole(project))
    assert [
        kind for kind in files if kind not in REWRITTEN and kept_aside(project, files[kind], broken[kind]) is None
    ] == []
    assert [kind for kind, path in files.items() if kind not in TIMED and path.read_bytes() != whole[kind]] == []
    assert tables(project) == before and project.snapshot() == predictions
    assert "Damaged since it was written" in said
    assert project.run().nothing


def test_each_table_is_made_again_though_it_alone_is_damaged_or_gone(project: Project):
    """Fault: a damaged comparison was moved aside, and no start made it again, since the report that is made from it was there."""
    before = tables(project)
    for name, damage in (("comparison", digit_changed), ("settings", cut), ("metrics", Path.unlink)):
        damage(project.home / f"{name}.csv")
        project.run()
        assert tables(project) == before
    assert project.run().nothing


def kept_aside(project: Project, path: Path, content: bytes) -> Path | None:
    """Where a damaged file was moved to."""
    folders = [project.home / "set-aside", project.folder / "cache" / "set-aside"]
    found = [other for folder in folders for other in folder.rglob(path.name) if other.read_bytes() == content]
    return found[0] if found else None


def test_damage_that_file_times_hide_is_found_where_the_file_is_read(project: Project):
    """Fault: another run's table, moved here with its times, is scored; planning alone looks at times."""
    files, before, predictions = damaged_files(project), tables(project), project.snapshot()
    for kind in ("predictions", "gold labels"):
        times = files[kind].stat()
        digit_changed(files[kind])
        os.utime(files[kind], ns=(times.st_atime_ns, times.st_mtime_ns))
    assert project.run().nothing, "a start reads no table of a finished run"
    project.configure(evaluation={"bootstrap": 120})
    refused = project.run(fails=True).output
    assert f"{files['predictions'].relative_to(project.folder)}: expected SHA-256 " in refused
    assert f"{files['gold labels'].relative_to(project.folder)}: expected SHA-256 " in refused
    assert "Traceback" not in refused and "start again" in refused
    project.configure(evaluation={"bootstrap": 100})
    outcome = project.run()
    assert outcome.trained == [files["predictions"].parts[-3]]
    assert tables(project) == before and project.snapshot() == predictions


def test_a_damaged_model_is_trained_again_for_its_weights(project: Project):
    """Fault: a cut model is found by nobody until it is needed, and then fails every start."""
    (model,) = project.home.glob("runs/*/model/model.safetensors")
    whole, predictions = model.read_bytes(), project.snapshot()
    labelling = model.with_name("labelling.json")
    thresholds = labelling.read_bytes()
    os.truncate(model, len(whole) // 2)
    outcome = project.run()
    assert f"{model.relative_to(project.folder)}: expected SHA-256 " in outcome.output
    assert outcome.output.count(" again for its model") == 1 and outcome.trained == []
    assert model.read_bytes() == whole and project.snapshot() == predictions
    assert labelling.read_bytes() == thresholds, "a restored model labels new texts, too"
    digit_changed(labelling)
    assert project.run().trained == [] and labelling.read_bytes() == thresholds
    assert model.read_bytes() == whole
    assert project.run().nothing
