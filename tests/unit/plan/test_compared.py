"""Tables under `compare`: all that cannot be scored is said before anything runs."""

import json

import pytest

from emotion_grid.base.messages import InputError
from testing.plans import write_rows

GOOD = "id,joy,fear\n1,0.5,0.5\n"


@pytest.fixture
def compared(study, tmp_path):
    """Call with the content of prediction tables by split: the plan of a study that compares them."""
    write_rows(
        tmp_path / "dev.csv", [("d1", "a day", "1", "0"), ("d2", "another", "0", "1"), ("d3", "a third", "1", "0")]
    )

    def make(data=None, **tables: str):
        (tmp_path / "team").mkdir(exist_ok=True)
        for split, content in tables.items():
            (tmp_path / "team" / f"{split}.csv").write_text(content, encoding="utf-8")
        return study(data={"dev": "dev.csv", **(data or {})}, compare={"team": str(tmp_path / "team")})

    return make


def refusal(compared, tmp_path, **tables) -> str:
    with pytest.raises(InputError) as caught:
        compared(**tables)
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_tables_of_the_studys_texts_in_any_order_are_taken(compared, tmp_path):
    order = "fear,other,id,joy\n0.1,x,d3,1\n0.1,,d1,0\n0.1,y,d2,1\n"
    plan = compared(dev=order, test=GOOD, validation="id,joy,fear\n2,0,1\n")
    splits = ("validation", "dev", "test")
    assert plan.others == {str(tmp_path / "team" / f"{split}.csv"): [split] for split in splits}


def test_every_wrong_cell_of_every_table_is_said(compared, tmp_path):
    wrong = "id,joy,fear\nd1,0.5,1.5\nd2,high,\nd1,0,0\nd3,0\n"
    lines = refusal(compared, tmp_path, dev=wrong, test="id,joy\n1,0\n").splitlines()
    assert lines == [
        "compare.team: team/dev.csv: 4 bad rows",
        "  row 1 (id d1), column fear: expected a probability from 0 to 1, found 1.5",
        "  row 2 (id d2), column joy: expected a probability from 0 to 1, found high",
        "  row 2 (id d2), column fear: expected a probability from 0 to 1, found nothing",
        "  row 3 (id d1), column id: expected ids that are unique, found the id of row 1 again",
        "  row 4, line 5: expected 3 cells (id, joy, fear), found 2",
        "compare.team: team/test.csv: expected the column fear, found id, joy",
    ]


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        (
            {"dev": "id,joy,fear\nd1,0,0\n"},
            "team/dev.csv, column id: expected a row for each of the 3 texts, found none for 2 of them: d2, d3",
        ),
        (
            {"test": "id,joy,fear\n1,0,0\nzz,0,0\n"},
            "team/test.csv, row 2 (id zz), column id: expected the id of one of the 1 texts, found another",
        ),
        (
            {"validation": "id,joy,fear\n9,0,0\n"},
            "team/validation.csv, row 1 (id 9), column id: expected the id of one of the 3 texts, found another",
        ),
    ],
)
def test_tables_of_other_texts_are_refused(compared, tmp_path, tables, expected):
    assert refusal(compared, tmp_path, **tables) == f"compare.team: {expected}"


def test_a_table_of_a_split_that_the_study_has_not_is_refused(study, tmp_path):
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "dev.csv").write_text(GOOD)
    with pytest.raises(InputError, match=r"^compare\.team: .*found dev\.csv, and no data\.dev"):
        study(compare={"team": str(tmp_path / "team")})


def test_ids_of_files_that_planning_cannot_read_are_compared_when_they_are_scored(compared, tmp_path):
    (tmp_path / "dev.parquet").write_bytes(b"PAR1")
    assert compared(data={"dev": "dev.parquet"}, dev="id,joy,fear\nx,0,0\n")
    assert compared(data={"on_bad_rows": "drop"}, dev="id,joy,fear\nx,0,0\n")


# --- one table for all splits


@pytest.fixture
def one_table(study, tmp_path):
    """Call with the rows of a table: the splits that it is found to predict."""
    write_rows(tmp_path / "dev.csv", [("d1", "a day", "1", "0"), ("d2", "another", "0", "1")])
    write_rows(tmp_path / "test2.csv", [("t1", "a test", "", ""), ("t2", "one more", "", "")])
    path = tmp_path / "pred_eng.csv"

    def make(*rows: str, data: dict | None = None) -> list[str]:
        path.write_text("\n".join(["id,Joy,FEAR", *rows]) + "\n")
        plan = study(data={"dev": "dev.csv", "test": "test2.csv", **(data or {})}, compare={"team": str(path)})
        return plan.others[str(path)]

    return make


def test_one_table_predicts_the_splits_whose_texts_it_has(one_table):
    assert one_table("t2,0,1", "t1,1,0") == ["test"]
    assert one_table("d1,0,0", "t2,0,1", "d2,0.25,1", "t1,1,0") == ["dev", "test"]
    assert one_table("d1,0,0", "2,0,1", "d2,0,1") == ["validation", "dev"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["t1,0,0"], ", rows of test, column id: expected a row for each of the 2 texts, found none for 1 of them: t2"),
        (
            ["t1,0,0", "t2,0,0", "x,0,0"],
            r", row 3 \(id x\), column id: expected the id of one of the 7 texts, found ano",
        ),
        (["t1,0,0", "t2,0,0", "t1,0,0"], r", row 3 \(id t1\), column id: expected ids that are unique, found the id"),
        (["t1,0,0", "t2,0,2"], r", row 2 \(id t2\), column FEAR: expected a probability from 0 to 1, found 2"),
        (["2,0,0"], ": expected rows of dev or test, found none"),
        ([], ": expected rows of dev or test, found none"),
    ],
)
def test_one_table_that_lacks_texts_or_has_others_is_refused(one_table, rows, expected):
    with pytest.raises(InputError, match=rf"^compare\.team: \S*pred_eng\.csv{expected}"):
        one_table(*rows)


def test_ids_that_several_splits_have_need_a_folder(one_table, tmp_path):
    write_rows(tmp_path / "test2.csv", [("d1", "a test", "", ""), ("t2", "one more", "", "")])
    with pytest.raises(InputError, match="expected ids that one split alone has, found d1 in several; give a folder"):
        one_table("d1,0,0", "t2,0,0")


def test_of_files_that_planning_cannot_read_one_table_may_have_any_texts(one_table, tmp_path):
    (tmp_path / "dev.parquet").write_bytes(b"PAR1")
    assert one_table("x,0,0", "t1,0,0", "t2,0,0", data={"dev": "dev.parquet"}) == ["dev", "test"]


# --- classes


def test_a_label_that_no_file_names_is_refused_before_anything_runs(study, tmp_path):
    lines = [{"id": str(n), "text": f"text {n}", "mood": mood} for n, mood in enumerate(["joy", "joy", "calm"])]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    data = {"train": "a.jsonl", "test": "a.jsonl", "label_column": "mood"}
    with pytest.raises(
        InputError, match=r"^data\.labels: expected labels that the files name, found glad \(bliss\), which no row has"
    ):
        study(data={**data, "labels": {"joy": "joy", "calm": "calm", "glad": "bliss"}})
    assert study(data={**data, "labels": ["joy", "calm"]})


def test_a_class_number_beyond_the_list_is_refused_before_anything_runs(study, tmp_path):
    (tmp_path / "a.csv").write_text("id,text,mood\n1,x,0\n2,y,2\n")
    with pytest.raises(InputError) as caught:
        study(data={"train": "a.csv", "test": "a.csv", "label_column": "mood", "classes": ["joy", "fear"]})
    assert (
        str(caught.value).count(
            "row 2 (id 2), column mood: expected one of joy, fear, or a number from 0 to 1, found 2"
        )
        == 2
    )
