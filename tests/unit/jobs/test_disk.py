"""The disk space that a study is said to take."""

import pytest

from emotion_grid.jobs.disk import disk_space, disk_text
from emotion_grid.jobs.needs import trained_parameters
from testing.jobs import LARGE, SMALL

HEAD = {"type": "mlp", "size": 384, "layers": 2}
CONFIG = {"keep_models": "best", "features_gb": 20, "data": {"labels": ["joy", "fear"]}}
DATA = 3_000_000, 20_000
"""A raw file of three million bytes: at most a million tokens."""


def run(encoder=SMALL, freeze=0, lora=None) -> dict:
    return {"encoder": encoder, "head": HEAD, "freeze": freeze, "lora": lora}


def space(runs, at_once=2, cached=None, encoders=(SMALL,), **config):
    return disk_space(runs, encoders, cached or {}, DATA, {**CONFIG, **config}, at_once)


def test_the_largest_published_encoder_takes_what_its_file_takes():
    """RoBERTa large: 355 million parameters (Liu et al. 2019), 1.42 GB in fp32."""
    assert trained_parameters(run(LARGE)) == pytest.approx(355e6, rel=0.05)
    assert space([run(LARGE)], encoders=[LARGE]).encoders == pytest.approx(1.42e9, rel=0.05)


def test_frozen_layers_and_adapters_take_less():
    sizes = [trained_parameters(run(LARGE, *kind)) for kind in ((0,), (12,), (0, {"rank": 8}), ("all",))]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[2] < 0.01 * sizes[0], "LoRA of rank 8 trains less than a hundredth (Hu et al. 2021)"


def test_the_peak_holds_the_best_model_and_those_at_work_however_many_runs_there_are():
    runs = [run(LARGE)] * 672
    few, many = space(runs[:3]), space(runs)
    assert many.models == few.models and many.training == few.training
    assert space(runs, keep_models="all").models == pytest.approx(672 * few.models)
    assert space(runs, keep_models="none").models == 0
    assert space(runs, at_once=100).training == pytest.approx(50 * few.training)
    for disk in (few, many):
        assert disk.peak > disk.end > disk.models


def test_features_take_no_more_than_their_limit():
    spec = {"tokens": {"encoder": LARGE}, "output": "states", "precision": "fp32"}
    cached = {"features/a": spec, "features/b": {**spec, "output": "mean"}, "tokens/c": {"encoder": LARGE}}
    disk = space([run(LARGE, 12)], cached=cached)
    assert disk.features == 1_000_000 * 1024 * 4 + 20_000 * 1024 * 4
    assert disk.tokens == 8_000_000
    assert space([run(LARGE, 12)], cached=cached, features_gb=1).features == 1e9 + 20_000 * 1024 * 4


def test_it_is_said_as_an_estimate_with_what_is_free(tmp_path):
    told = disk_text(space([run(LARGE)] * 9), 4, tmp_path / "cache", tmp_path / "results" / "tiny")
    assert "estimated" in told and "4 at the same time" in told and "at the end" in told
    assert told.count("are free") == 2 and str(tmp_path / "cache") in told
