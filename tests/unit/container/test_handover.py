"""What of the host is seen inside the image; the image itself is tested in tests/container."""

import os
from pathlib import Path

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.container.handover import bind_paths


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    """An environment and a working directory that a test may change."""
    monkeypatch.setattr(os, "environ", {"PATH": os.environ["PATH"]})
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")


def binds() -> list[str]:
    return os.environ["APPTAINER_BIND"].split(",")


def test_paths_outside_the_working_directory_are_bound_once_and_links_are_followed(tmp_path):
    (tmp_path / "workspace" / "results").mkdir(parents=True)
    Path("results").symlink_to(tmp_path / "workspace" / "results")
    bind_paths([Path("cache"), Path("results"), tmp_path / "data", tmp_path / "data" / "train.csv"])
    bind_paths([Path("cache"), Path("results"), tmp_path / "data", tmp_path / "data" / "train.csv"])
    assert sorted(binds()) == [str(tmp_path / "data"), str(tmp_path / "workspace" / "results")]


def test_binds_of_the_site_stay(tmp_path):
    os.environ["APPTAINER_BIND"] = "/scratch"
    bind_paths([tmp_path / "data"])
    assert binds() == ["/scratch", str(tmp_path / "data")]


@pytest.mark.parametrize("name", ["a,b", "a:b"])
def test_a_path_that_cannot_be_bound_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="without colon and comma"):
        bind_paths([tmp_path / name])


@pytest.mark.parametrize("name", ["it's", "a:b", "a,b", "a\\b"])
def test_a_checkout_whose_path_apptainer_cannot_be_given_is_refused(tmp_path, monkeypatch, name):
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)
    with pytest.raises(
        InputError, match="expected a checkout in a path without single quote, colon, comma and backslash"
    ):
        bind_paths([])


def test_the_gpu_of_a_job_is_seen_inside_and_an_earlier_one_is_not(tmp_path):
    os.environ["CUDA_VISIBLE_DEVICES"] = "1"
    bind_paths([])
    assert os.environ["APPTAINERENV_CUDA_VISIBLE_DEVICES"] == "1"
    del os.environ["CUDA_VISIBLE_DEVICES"]
    bind_paths([])
    assert "APPTAINERENV_CUDA_VISIBLE_DEVICES" not in os.environ
