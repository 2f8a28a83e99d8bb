"""What of the host is seen inside the image, and what two who need one encoder do; the image itself is tested in tests/container."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.container import image
from emotion_grid.container.handover import open_door
from emotion_grid.encoders.fetching import fetch
from scripts import fetch_encoder


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
    open_door([Path("cache"), Path("results"), tmp_path / "data", tmp_path / "data" / "train.csv"])
    open_door([Path("cache"), Path("results"), tmp_path / "data", tmp_path / "data" / "train.csv"])
    assert sorted(binds()) == [str(tmp_path / "data"), str(tmp_path / "workspace" / "results")]


def test_binds_of_the_site_stay(tmp_path):
    os.environ["APPTAINER_BIND"] = "/scratch"
    open_door([tmp_path / "data"])
    assert binds() == ["/scratch", str(tmp_path / "data")]


@pytest.mark.parametrize("name", ["a,b", "a:b"])
def test_a_path_that_cannot_be_bound_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="without colon and comma"):
        open_door([tmp_path / name])


def test_the_gpu_of_a_job_is_seen_inside_and_an_earlier_one_is_not(tmp_path):
    os.environ["CUDA_VISIBLE_DEVICES"] = "1"
    open_door([])
    assert os.environ["APPTAINERENV_CUDA_VISIBLE_DEVICES"] == "1"
    del os.environ["CUDA_VISIBLE_DEVICES"]
    open_door([])
    assert "APPTAINERENV_CUDA_VISIBLE_DEVICES" not in os.environ


def test_planning_with_an_image_needs_no_torch():
    code = "import sys; import emotion_grid.container.image, emotion_grid.jobs.site; print(sorted({'torch', 'transformers', 'pandas'} & {*sys.modules}))"
    project = Path(image.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True).stdout == "[]\n"


def test_two_who_need_one_encoder_fetch_it_once(tmp_path, monkeypatch):
    fetched = []

    def slowly(path: Path, target: Path) -> None:
        fetched.append(path)
        time.sleep(0.3)
        for name in ("config.json", "model.safetensors"):
            (target / name).write_text("{}")

    monkeypatch.setattr(fetch_encoder, "fetch_folder", slowly)
    monkeypatch.setattr(fetch_encoder, "check", lambda folder, spec: None)
    found = []
    (tmp_path / "encoder").mkdir()
    members = [
        threading.Thread(target=lambda: found.append(fetch({"source": "./one"}, tmp_path / "encoder")))
        for _ in range(3)
    ]
    for member in members:
        member.start()
    for member in members:
        member.join(30)
    assert len(fetched) == 1 and found[0] == found[1] == found[2]
