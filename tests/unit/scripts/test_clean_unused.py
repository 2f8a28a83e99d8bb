"""What `make clean-unused` lists and removes."""

import json
import sys

import pytest

from scripts import clean_unused

USED = ("runs/a/model/config.json", "baselines/b/x.csv", "data/d/train.csv", "explanations/a/index.html")
USED += ("metrics/a.json", "metrics/other.json", "summary.csv")
UNUSED = (
    "runs/old/train.log",
    "baselines/old/x.csv",
    "data/old/train.csv",
    "explanations/old/index.html",
    "metrics/old.json",
)


@pytest.fixture
def home(tmp_path):
    """Results of a plan with a run, a baseline and another team's predictions, among those of an older one."""
    for name in (*USED, *UNUSED):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    rows = [{"run": "a", "folder": "runs/a", "data": "d"}, {"run": "b", "folder": "baselines/b", "data": "d"}]
    (tmp_path / "plan.json").write_text(json.dumps({"rows": rows, "compare": {"other": "elsewhere"}}))
    return tmp_path


def clean(home, monkeypatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["clean_unused", "--results", str(home), *arguments])
    clean_unused.main()


def test_it_lists_and_on_demand_removes_what_the_last_start_does_not_use(home, monkeypatch, capsys):
    clean(home, monkeypatch)
    assert all((home / name).is_file() for name in (*USED, *UNUSED)), "listed, not removed"
    assert capsys.readouterr().err.count("unused: ") == len(UNUSED)
    clean(home, monkeypatch, "--yes")
    assert all((home / name).is_file() for name in USED)
    assert not any((home / name).exists() for name in UNUSED)
    capsys.readouterr()
    clean(home, monkeypatch)
    assert "nothing is unused" in capsys.readouterr().err
