"""What a run reads is compared with its digests; what it wrote gets digests."""

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from emotion_grid.base.files import write_json
from emotion_grid.base.integrity import find_damage, write_record
from emotion_grid.base.messages import InputError
from emotion_grid.data.splits import BASELINE_FILES, HISTORY
from emotion_grid.training import checks
from emotion_grid.training.checkpoints import Checkpoints
from emotion_grid.training.checks import check_inputs, put_broken_checkpoints_aside, record_results
from emotion_grid.training.run import Job


@pytest.fixture
def job(tmp_path) -> Job:
    """A run of a head on features; every folder that it reads has its record."""
    parts = {
        "data": ("checks.json", "train.csv"),
        "tokens": ("tokens.json", "files/index.safetensors"),
        "features": ("features.json", "files/values.safetensors"),
        "encoder": ("fetched.json", "files/model.safetensors"),
    }
    for part, (record, name) in parts.items():
        (tmp_path / part / name).parent.mkdir(parents=True)
        (tmp_path / part / name).write_text(f"{part} 1\n")
        write_record(tmp_path / part / record, {"stored": True, "precision": "fp32"}, [name])
    spec = {"freeze": "all", "training": {"precision": "fp32"}}
    folders = {part: tmp_path / part for part in ("data", "tokens", "features")}
    return Job(spec=spec, encoder=tmp_path / "encoder" / "files", output=tmp_path / "run", **folders)


@pytest.mark.parametrize(
    "name", ["data/train.csv", "tokens/files/index.safetensors", "features/files/values.safetensors"]
)
@pytest.mark.parametrize("hidden", [False, True], ids=["seen", "with its file time"])
def test_a_run_refuses_what_is_not_as_it_was_written(job, name, hidden):
    """Fault: a train.csv cut at a row trains on fewer rows, and features of another seed are taken for the run's own."""
    check_inputs(job)
    path = job.output.parent / name
    times = path.stat()
    path.write_text(path.read_text().replace("1", "2"))
    if hidden:
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(InputError, match=f"{path}: expected SHA-256 .*, found .*\nstart again"):
        check_inputs(job)


def test_an_encoder_is_read_only_by_runs_that_use_its_weights(job):
    (job.encoder / "model.safetensors").write_text("another")
    check_inputs(job)
    job.spec["freeze"] = 1
    with pytest.raises(InputError, match=r"model\.safetensors: expected SHA-256"):
        check_inputs(job)


def test_features_of_another_folder_are_refused_though_their_record_fits(job):
    """Fault: a whole folder that was copied over another one, record included, is believed."""
    one, two = (job.output.parent / "cache" / name for name in ("0123456789abcdef", "fedcba9876543210"))
    for folder in (one, two):
        shutil.copytree(job.features, folder)
        write_json(folder / "spec.json", {"seed": folder.name})
        write_record(folder / "features.json", {"stored": True, "precision": "fp32"}, ["files/values.safetensors"])
    (job.output.parent / "run_01234567").mkdir()
    object.__setattr__(job, "features", two)
    with pytest.raises(InputError, match="expected the spec whose digest is fedcba9876543210"):
        check_inputs(job)


def test_results_get_the_digests_of_tables_history_spec_and_model(job):
    for name in (*BASELINE_FILES, HISTORY, "model/model.safetensors", "model/config.json"):
        (job.output / name).parent.mkdir(parents=True, exist_ok=True)
        (job.output / name).write_text(name)
    write_json(job.output / "spec.json", {})
    write_json(job.output / "provenance.json", {"best_epoch": 3})
    record_results(job)
    written = json.loads((job.output / "provenance.json").read_text())
    assert written["best_epoch"] == 3
    assert set(written["digests"]) == {*BASELINE_FILES, HISTORY, "spec.json", "provenance.json"}
    (job.output / "model" / "config.json").write_text("")
    assert list(find_damage(job.output / "model" / "digests.json")) == ["config.json"]


@pytest.fixture
def checkpoints(job) -> list[Path]:
    """Two checkpoints of the run."""

    def fill(folder: Path) -> None:
        save_file({"weight": torch.arange(12.0)}, folder / "model.safetensors")
        torch.save({"step": 3}, folder / "optimizer.pt")

    home = job.output / "checkpoint"
    Checkpoints(home, {}).write(20, fill, {})
    shutil.copytree(home / "20", home / "40")
    return [home / "20", home / "40"]


DAMAGE = {
    "cut": lambda content: content[:-7],
    "emptied": lambda content: b"",
    "changed": lambda content: content[:-7] + bytes([content[-7] ^ 1]) + content[-6:],
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.pt", "progress.json", "digests.json"])
def test_a_checkpoint_that_is_not_as_it_was_written_is_moved_and_another_is_kept(job, checkpoints, name, damage):
    """Fault: a cut checkpoint failed the run at every start, and one with a changed digit was trained on."""
    put_broken_checkpoints_aside(job)
    assert all(folder.is_dir() for folder in checkpoints)
    broken = checkpoints[1] / name
    broken.write_bytes(DAMAGE[damage](broken.read_bytes()))
    put_broken_checkpoints_aside(job)
    assert checkpoints[0].is_dir() and not checkpoints[1].exists()
    assert len(list((job.output / "set-aside").rglob(name))) == 1


def test_a_checkpoint_without_one_of_its_files_is_moved(job, checkpoints):
    (checkpoints[0] / "optimizer.pt").unlink()
    put_broken_checkpoints_aside(job)
    assert not checkpoints[0].exists() and checkpoints[1].is_dir()


def test_a_checkpoint_that_another_member_left_closed_is_no_damage(job, checkpoints, monkeypatch):
    """Fault: it was set aside, and the run began at its first epoch."""

    def closed(path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(checks, "file_digest", closed)
    with pytest.raises(PermissionError):
        put_broken_checkpoints_aside(job)
    assert all(folder.is_dir() for folder in checkpoints)
