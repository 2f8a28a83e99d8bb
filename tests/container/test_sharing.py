"""Sharing an image: what members find, and what each fault on the way ends in. Images are real but empty."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emotion_grid.base.messages import InputError
from emotion_grid.base.requirements import image_digest, locked_on
from emotion_grid.container import image as images
from emotion_grid.container.finding import find_image
from emotion_grid.container.handover import hand_on, handed_on, link
from testing import apptainer
from testing.tiny import PROJECT

ENVS = PROJECT / "envs"


def labels(**changes: str) -> dict[str, str]:
    """Labels as the recipe writes them, for `tiny_image`."""
    own = {"version": "0.1.0", "base": "scratch", "torch": "torch"}
    return {
        f"emotion-grid.{name}": value
        for name, value in {**own, "lock": image_digest(ENVS), "locked": locked_on(ENVS), **changes}.items()
    }


@pytest.fixture
def built(tiny_image, tmp_path, monkeypatch) -> Path:
    """What `make container` leaves: a folder with an image; the working directory is a scratch one."""
    monkeypatch.chdir(tmp_path)
    file = tiny_image(**labels())
    return images.publish(file, tmp_path / "built", images.read_labels(file)).file.parent


def share(built: Path, to: str | Path, *prefix: str) -> subprocess.CompletedProcess:
    """`make share-container`, from a checkout."""
    command = [*prefix, sys.executable, "-m", "scripts.share_container", "--image", str(built), "--to", str(to)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)


def find(value: Path | str) -> images.Image:
    return find_image(str(value), Path("cache"), ENVS)


def refused(value: Path | str) -> str:
    with pytest.raises(InputError) as error:
        find(value)
    return str(error.value)


def test_a_member_finds_what_was_published_and_its_checksum(built, tmp_path):
    team = tmp_path / "team"
    done = share(built, team)
    assert done.returncode == 0, done.stderr
    found = find(team)
    assert found.labels["lock"] == image_digest(ENVS)
    assert str(team) in (team / "README.md").read_text()
    subprocess.run(["sha256sum", "-c", f"{found.file.name}.sha256"], cwd=team, check=True)
    for path in team.iterdir():
        assert path.stat().st_mode & 0o040, f"{path} is not readable by the group"


def test_a_private_umask_does_not_close_what_is_published(built, tmp_path):
    done = share(built, tmp_path / "team", "sh", "-c", 'umask 077; exec "$@"', "sh")
    assert done.returncode == 0, done.stderr
    for path in (tmp_path / "team", *(tmp_path / "team").iterdir()):
        assert path.stat().st_mode & 0o040, f"{path} is not readable by the group"


@pytest.mark.parametrize("described", [True, False], ids=["folder", "file"])
def test_a_truncated_file(built, tmp_path, described):
    file = next(built.glob("*.sif"))
    os.truncate(file, file.stat().st_size - 5000)
    said = refused(built if described else shutil.copy(file, tmp_path / "alone.sif"))
    assert "truncated" in said and str(tmp_path) in said


def test_a_flipped_byte(built):
    file = next(built.glob("*.sif"))
    find(built)
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)
    assert "expected SHA-256" in refused(built)
    assert "expected SHA-256" in refused(file), "the checksum beside a file counts for the file alone, too"


def test_wrong_labels(built, tiny_image):
    description = built / "image.json"
    said = json.loads(description.read_text())
    said["labels"]["lock"] = "0" * 64
    description.write_text(json.dumps(said))
    assert "the image's own label lock" in refused(built)
    assert "found another project's" in refused(tiny_image("other.sif", title="something else"))


def test_a_file_that_is_no_image(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("notes.sif").write_text("not an image" * 100)
    assert "another kind of file" in refused("notes.sif")
    assert "found nothing" in refused("nowhere")
    Path("empty").mkdir()
    assert "expected image.json" in refused("empty")


def test_missing_group_permission_is_refused_while_publishing(built, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    done = share(built, closed / "team")
    assert done.returncode == 1 and f"chmod g+rx {closed}" in done.stderr and "Traceback" not in done.stderr
    assert not list((closed / "team").iterdir())


def test_missing_permission_is_told_to_the_member(built, member):
    file = next(built.glob("*.sif"))
    file.chmod(0o600)
    code = f"from emotion_grid.container.finding import find_image; from pathlib import Path; find_image({str(built)!r}, Path('cache'), Path('envs'))"
    done = member.run("python3", "-c", code)
    assert "found no permission; ask root to run: chmod -R g+rX" in done.stderr, done.stderr


def test_a_full_disk_while_publishing_leaves_what_was_there(built, tiny_image, tmp_path, monkeypatch):
    disk = tmp_path / "disk"
    disk.mkdir()
    apptainer.run("mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "none", disk)
    try:
        before = images.publish(next(built.glob("*.sif")), disk / "team", images.read_labels(next(built.glob("*.sif"))))
        big = tiny_image("big.sif", **labels())
        with big.open("ab") as file:
            file.write(os.urandom(2_000_000))
        newer = images.publish(big, tmp_path / "newer", images.read_labels(big)).file.parent
        done = share(newer, disk / "team")
        assert done.returncode == 1 and "MB of free space for the image" in done.stderr
        monkeypatch.setattr(images.shutil, "disk_usage", lambda path: Usage(free=10**12))
        with pytest.raises(InputError, match="No space left on device"):
            images.publish(big, disk / "team", images.read_labels(big))
        assert find(disk / "team") == before
        assert not [path for path in (disk / "team").iterdir() if path.name.startswith(".")]
    finally:
        apptainer.run("umount", disk)


class Usage:
    """What a disk that fills up while it is written to said before."""

    def __init__(self, free: int):
        self.free = free


def test_two_members_publish_at_once(built, tiny_image, tmp_path):
    team, folders = tmp_path / "team", [built]
    for number in range(3):
        file = tiny_image(f"{number}.sif", **labels())
        folders.append(images.publish(file, tmp_path / f"built-{number}", images.read_labels(file)).file.parent)
    team.mkdir()
    options = {"cwd": PROJECT, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-m", "scripts.share_container", "--to", str(team), "--image"]
    started = [subprocess.Popen([*command, str(folder)], **options) for folder in folders]
    for process in started:
        assert process.wait(timeout=300) == 0, process.stderr.read()
    assert len(list(team.glob("*.sif"))) == len(folders)
    assert find(team).sha256 in {find(folder).sha256 for folder in folders}


def test_a_path_with_spaces(built, tmp_path):
    team = tmp_path / "the team's folder"
    done = share(built, team)
    assert done.returncode == 0, done.stderr
    path = link(find(team))
    assert " " not in path and Path(path).resolve().parent == team


def test_a_newer_image_replaces_none_that_runs_and_a_replaced_file_is_refused(built, tiny_image, tmp_path, monkeypatch):
    team = tmp_path / "team"
    assert share(built, team).returncode == 0
    monkeypatch.setattr(os, "environ", dict(os.environ))
    path = hand_on(find(team))
    newer = tiny_image("newer.sif", **labels())
    images.publish(newer, team, images.read_labels(newer))
    assert find(team).sha256 != json.loads(os.environ["EMOTION_GRID_IMAGE"])["sha256"]
    assert handed_on() == path, "jobs of the grid keep the image that it started with"
    alone = Path(shutil.copy(newer, tmp_path / "alone.sif"))
    hand_on(find(alone))
    time.sleep(0.01)
    shutil.copy(tiny_image("third.sif", **labels()), tmp_path / "part")
    (tmp_path / "part").replace(alone)
    with pytest.raises(InputError, match="replaced while this grid ran; start it again, finished runs stay"):
        handed_on()


@pytest.mark.parametrize(("locked", "newer"), [("2020-01-01T00:00:00Z", "checkout"), ("2999-01-01T00:00:00Z", "image")])
def test_another_lock(built, tiny_image, locked, newer):
    said = refused(tiny_image("old.sif", **labels(lock="1" * 64, locked=locked)))
    assert f"The {newer} is newer" in said and "Existing results are kept" in said


def test_without_apptainer_a_folder_says_its_labels(built, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert find(built).labels["lock"] == image_digest(ENVS)
    assert "expected apptainer on this machine" in refused(next(built.glob("*.sif")))


def test_an_image_from_a_registry(built, registry, tmp_path):
    address = f"oras://{registry}/team/emotion-grid:1"
    assert "expected an image to fetch" in refused(address)
    done = share(built, address)
    assert done.returncode == 0, done.stderr
    assert find(address).sha256 == find(built).sha256
