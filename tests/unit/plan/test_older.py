"""Finished results of an older program or lock: which stand, and what judges them."""

import os
from dataclasses import replace

import pytest

from emotion_grid.base.digests import digest
from emotion_grid.data.splits import RESULT_FILES
from emotion_grid.plan import specs
from emotion_grid.plan.plan import Row
from emotion_grid.plan.programs import PREPARATION, TRAINING
from emotion_grid.plan.specs import data_key
from emotion_grid.plan.writing import write_specs
from testing.plans import ROWS, finish, only, write_rows


@pytest.fixture
def programs(monkeypatch):
    """Call with what changed (`train`, `prepare` or `lock`): from then on plans know another version of it."""
    versions = {"train": 0, "prepare": 0, "lock": 0}
    known = {TRAINING: "train", PREPARATION: "prepare"}
    monkeypatch.setattr(
        specs,
        "program_digest",
        lambda *names: " ".join(f"{name} {versions.get(known.get(name), 0)}" for name in names),
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
    plan = study()
    before = only(plan)
    write_specs(plan, home, tmp_path / "cache")
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


def test_an_older_run_is_judged_by_labels_that_came_later(study, programs, tmp_path):
    home = tmp_path / "results" / "tiny"
    plan = study()
    write_specs(plan, home, tmp_path / "cache")
    finish(only(plan), home)
    programs("train")
    write_rows(tmp_path / "test.csv", [(*ROWS[0][:2], "0", "1")])
    after = study(older_results={"program": "keep"})
    assert only(after).name == only(plan).name
    assert only(after).data != only(plan).data
    assert only(after).data in after.data


def of_version_0_1(row: Row, data: dict) -> dict:
    """The spec of a run as version 0.1 wrote it: it names the files of all splits."""
    rest = {key: value for key, value in row.spec["data"].items() if key not in ("train", "program")}
    program = {"training": "t", "encoding": "e"}
    return {**row.spec, "program": program, "data": {**rest, "files": data["files"], "program": "p"}}


def test_results_of_version_0_1_stand_and_are_predicted_again_only_if_a_file_changed(study, tmp_path):
    home = tmp_path / "results" / "tiny"
    plan = study()
    row = only(plan)
    spec = of_version_0_1(row, plan.data[row.data])
    name = f"{row.name.rpartition('_')[0]}_{digest(spec)[:8]}"
    finish(replace(row, spec=spec, folder=f"runs/{name}"), home)
    keep = {"older_results": {"program": "keep"}}
    assert only(study()).name == row.name
    kept = only(study(**keep))
    assert (kept.name, kept.older, kept.predicts, kept.data) == (name, ("program",), True, data_key(spec["data"]))
    write_rows(tmp_path / "test.csv", ROWS[1:2])
    kept = only(study(**keep))
    assert (kept.name, kept.predicts) == (name, False)
    assert kept.data == only(study()).data
    write_rows(tmp_path / "train.csv", ROWS[:2])
    assert only(study(**keep)).name != name


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
    assert after.name.startswith(before.name.rpartition("_")[0]), "or else the test says nothing"
    assert after.name != before.name


def test_older_results_stand_whose_name_shows_no_training_values(study, programs, tmp_path):
    """As version 0.1 named them."""
    before = only(study(training={"epochs": 9}))
    assert "_ep9_" in before.name
    earlier = before.name.replace("_ep9_", "_")
    finish(replace(before, name=earlier, folder=f"runs/{earlier}"), tmp_path / "results" / "tiny")
    programs("train")
    keep = {"program": "keep"}
    assert only(study(older_results=keep, training={"epochs": 9})).name == earlier
    assert only(study(older_results=keep, training={"epochs": 8})).name != earlier


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
