"""Runs on added rows as they are planned: what they read, what they are called, and what is refused."""

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.plan.added import PLACE
from emotion_grid.plan.programs import ADDING, PREPARATION, program_modules
from testing.plans import ROWS, write_rows

OTHER = {"other": {"train": "other.csv"}}


@pytest.fixture
def other(tmp_path):
    """Added rows whose file has columns for joy and for a label that is none of the study's."""
    (tmp_path / "other.csv").write_text("id,text,joy,love\n1,a fine evening,1,1\n2,a long night,0,0\n")
    return tmp_path


def blocks(*values):
    return [{}, *({"added": value} for value in values)]


def test_a_run_without_added_rows_is_what_it_was(study, other):
    """Fault: naming added rows renames the runs that have none."""
    before, after = study(), study(data={"added": OTHER}, grid=[{"freeze": [0, "all"]}, *blocks({"name": "other"})])
    (name,) = before.runs
    assert after.runs[name] == before.runs[name]
    assert after.rows == before.rows, "baselines learn from the study's own rows alone"
    assert set(before.data) < set(after.data) and set(before.cached) < set(after.cached)


def test_a_share_of_0_is_a_run_without_added_rows(study, other):
    plan = study(data={"added": OTHER}, grid=blocks({"name": "other", "share": [0, 0.5, 1]}))
    assert sorted(row.columns["added_share"] for row in plan.runs.values()) == [0, 0.5, 1]


def test_what_a_run_does_with_added_rows_is_in_its_name_and_columns(study, other):
    values = [
        {"name": "other"},
        {"name": "other", "share": 0.5, "weight": 0.25},
        {"name": "other", "stage": "first"},
        {"name": "other", "stage": "first", "epochs": 2, "learning_rate": "2e-5"},
    ]
    plan = study(data={"added": OTHER}, grid=blocks(*values))
    found = {
        name.split("_full_")[1].split("_seed")[0]: row.columns["added_stage"]
        for name, row in plan.runs.items()
        if "other" in name
    }
    assert found == {
        "other-1-mixed": "mixed",
        "other-0.5-mixed-w0.25": "mixed, weight 0.25",
        "other-1-first": "first",
        "other-1-first-ep2-lr2e-05": "first, epochs 2, learning rate 2e-05",
    }


def test_specs_name_what_decides_the_added_rows(study, other):
    grid = blocks({"name": "other", "share": [0.5, 1]})
    plan = study(data={"added": OTHER}, grid=grid)
    added = {spec["added"]["share"]: spec for spec in plan.data.values() if "added" in spec}
    assert set(added) == {0.5, 1}
    assert added[1]["added"]["labels"] == ["joy"]
    runs = [row.spec for row in plan.runs.values() if "added" in row.spec["data"]]
    tokens = [spec for folder, spec in plan.cached.items() if f"{PLACE}other" in spec["texts"]]
    assert len(tokens) == 1, "all shares read the same tokens"
    (other / "other.csv").write_text("id,text,joy,love\n1,a fine evening,0,1\n2,a long night,0,0\n")
    relabelled = study(data={"added": OTHER}, grid=grid)
    assert set(relabelled.cached) == set(plan.cached), "a corrected label makes no tokens again"
    assert {
        row.spec["data"]["added"]["file"] for row in relabelled.runs.values() if "added" in row.spec["data"]
    }.isdisjoint({spec["data"]["added"]["file"] for spec in runs})


def test_texts_that_judge_decide_which_added_rows_are_left(study, other):
    grid = blocks({"name": "other"})
    before = study(data={"added": OTHER}, grid=grid)
    write_rows(other / "test.csv", ROWS[1:2])
    after = study(data={"added": OTHER}, grid=grid)
    same = set(before.runs) & set(after.runs)
    assert len(same) == 1 and "other" not in same.pop()


def test_the_program_that_adds_rows_is_in_their_specs_alone(study, other):
    plan = study(data={"added": OTHER}, grid=blocks({"name": "other"}))
    programs = {("added" in spec): spec["program"] for spec in plan.data.values()}
    assert programs[True] != programs[False]
    assert set(program_modules(ADDING)) - set(program_modules(PREPARATION)) == {ADDING, "emotion_grid.data.splits"}
    training = {("added" in row.spec["data"]): row.spec["program"]["training"] for row in plan.runs.values()}
    assert training[True] != training[False]


@pytest.mark.parametrize(
    ("data", "added", "expected"),
    [
        (OTHER, {"name": "else"}, r"grid\[1\]\.added: expected none or a name under data\.added \(other\), found else"),
        ({}, {"name": "other"}, r"data\.added \(it has none\), found other"),
        (OTHER, {"name": "other", "share": 1.5}, r"grid\[1\]\.added\.share: .*at most 1"),
        (OTHER, {"name": "other", "share": -0.5}, r"grid\[1\]\.added\.share: .*at least 0"),
        (OTHER, {"name": "other", "stage": "last"}, r"grid\[1\]\.added\.stage: expected mixed or first"),
        (OTHER, {"name": "other", "epochs": 2}, r"grid\[1\]\.added\.epochs: expected only with stage: first"),
        (
            OTHER,
            {"name": "other", "stage": "first", "weight": 2},
            r"grid\[1\]\.added\.weight: expected only with stage: mixed",
        ),
        (OTHER, {"share": 0.5}, r"grid\[1\]\.added\.name: "),
        ({"other": {"train": "gone.csv"}}, {"name": "other"}, r"data\.added\.other: data\.train: expected a file"),
        (
            {"other": {"train": "none.csv"}},
            {"name": "other"},
            r"data\.added\.other: expected rows with some of the labels joy, fear",
        ),
        (
            {"other": {"train": "other.csv", "labels": ["love"]}},
            {"name": "other"},
            r"data\.added\.other\.labels: .*joy, fear.*found love",
        ),
        ({"other": {"train": "other.csv", "labels": ["fear"]}}, {"name": "other"}, r"data\.added\.other: .*fear"),
        (
            {"other": {"train": "other.csv", "classes": ["joy"]}},
            {"name": "other"},
            r"data\.added\.other\.classes: .*label_column",
        ),
        (
            {"other": {"train": "other.csv", "texts": {}}},
            {"name": "other"},
            r"data\.added\.other\.texts: unknown key",
        ),
        ({"other": {"train": "hub:a/b/c"}}, {"name": "other"}, r"data\.added\.other\.train: "),
    ],
)
def test_what_cannot_be_is_refused_with_its_key(study, other, data, added, expected):
    (other / "none.csv").write_text("id,text,love\n1,a fine evening,1\n")
    with pytest.raises(InputError, match=expected):
        study(data={"added": data}, grid=blocks(added))
