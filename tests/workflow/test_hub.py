"""A study on a data set of the hub: fetched once for all who share the cache, and then as good as a file."""

import csv
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.hub import FakeHub, fake_hub, write_dataset
from testing.tiny import LABELS, Project
from testing.warm import WarmPython

COMMIT = "5e1f" * 10
NAME = f"hub:team/feelings@{COMMIT}/simplified"
SPLITS = {"train": "train", "dev": "validation", "test": "test"}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub that programs of `Project.run` ask; their imports are done after it is named to them."""
    with fake_hub() as hub:
        for name, value in hub.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
        (tmp_path / "warm").mkdir()
        warm = WarmPython(tmp_path / "warm")
        monkeypatch.setattr(Project, "python", str(warm.python))
        yield hub
        warm.stop()


def publish(hub: FakeHub, folder: Path, project: Project) -> None:
    """The tiny study's texts as the hub has GoEmotions: Parquet, with a list of class numbers for each text."""
    rows = {}
    for split, name in SPLITS.items():
        with (project.folder / f"texts/{split}.csv").open() as file:
            rows[name] = [
                {"id": row["id"], "text": row["text"], "labels": [LABELS.index(k) for k in LABELS if row[k] == "1"]}
                for row in csv.DictReader(file)
            ]
    write_dataset(folder, {"simplified": rows}, {"labels": LABELS})
    hub.folders[f"team/feelings@{COMMIT}"] = folder


def predictions(home: Path) -> dict[str, str]:
    """Prediction tables of an experiment's runs, by the run's name without its digest."""
    tables = sorted(home.glob("runs/*/predictions/*.csv"))
    return {f"{re.sub('_[0-9a-f]+$', '', path.parts[-3])}/{path.name}": path.read_text() for path in tables}


def prepared(home: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in home.glob("data/*/*.csv")}


def test_a_data_set_of_the_hub_gives_what_the_same_texts_in_files_give(hub, project: Project, tmp_path: Path):
    publish(hub, tmp_path / "feelings", project)
    results, data = project.home.parent, project.config["data"]
    one = {**project.config["grid"][0], "encoder": "one"}
    project.configure(
        experiment="hub",
        data={**data, **{split: f"{NAME}/{name}" for split, name in SPLITS.items()}, "label_column": "labels"},
        grid=[one],
    )
    planned = project.run("--dry-run")
    assert len(planned.trained) == 2 and f"still to be fetched: {NAME}/train, {NAME}/validation" in planned.output
    assert not hub.downloads, "a dry run asks nobody"
    project.run()
    assert prepared(results / "hub") == prepared(results / "tiny")
    files = {name: text for name, text in predictions(results / "tiny").items() if name.startswith("one_")}
    assert predictions(results / "hub") == files and len(files) == 6
    (spec, *_) = (json.loads(path.read_text()) for path in results.glob("hub/runs/*/spec.json"))
    assert spec["data"]["train"] == f"{NAME}/train", "not where it lies on this machine"
    assert f"{NAME}/validation" in (results / "hub/report.html").read_text()
    assert sorted(file for file in hub.downloads if file.endswith(".parquet")) == [
        f"simplified/{name}-00000-of-00001.parquet" for name in sorted(SPLITS.values())
    ]

    hub.folders.clear()
    project.configure(experiment="again", grid=[{**one, "seed": [1]}])
    project.run()  # by the cache alone
    shutil.rmtree(project.folder / "cache" / "datasets")
    assert project.run().nothing, "a finished study needs no data"
    project.configure(grid=[{**one, "seed": [1, 2]}])
    assert len(project.run().trained) == 1, "a further run reads prepared splits and tokens"

    project.configure(experiment="away", data={**project.config["data"], "split_seed": 7})
    output = project.run(fails=True).output
    assert f"{NAME}/train: could not be fetched from the hub" in output and "share the cache" in output
    assert not list(project.folder.glob("cache/datasets/*/fetched.json"))
