"""Files and folders that appear whole or not at all."""

import errno
import os
import shutil
import signal
from pathlib import Path

import pytest
from hypothesis import given

from emotion_grid.base.files import read_json, whole_file, whole_folder, write_json, write_text
from emotion_grid.base.messages import InputError
from testing.strategies import JSON


@pytest.fixture
def umask():
    """Call with a umask that holds for the test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


# --- whole files and folders


def test_file_appears_at_the_end_of_the_block_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b" / "table.csv"
    with whole_file(path) as partial:
        partial.write_text("half")
        assert not path.exists()
        partial.write_text("whole")
    assert path.read_text() == "whole"
    assert names(path.parent) == ["table.csv"]


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="disk"), whole_file(path) as partial:
        partial.write_text("half")
        raise RuntimeError("disk")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["table.csv"]


def test_failure_leaves_no_file_where_there_was_none(tmp_path):
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "table.csv") as partial:
        partial.write_text("half")
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_temporary_file_is_hidden_beside_its_target_and_differs_between_two_writers(tmp_path):
    path = tmp_path / "table.csv"
    with whole_file(path) as one, whole_file(path) as two:
        assert one != two
        assert {one.parent, two.parent} == {tmp_path}
        assert all(partial.name.startswith(".") for partial in (one, two))
        one.write_text("one")
        two.write_text("two")
    assert path.read_text() in ("one", "two")
    assert names(tmp_path) == ["table.csv"]


@pytest.mark.parametrize("kind", ["whole_file", "whole_folder"])
def test_kill_in_the_middle_leaves_the_old_content_under_the_name(tmp_path, start_python, kind):
    path = tmp_path / "result"
    if kind == "whole_file":
        path.write_text("old")
    else:
        path.mkdir()
        (path / "part").write_text("old")
    process = start_python(
        f"""
import sys, time
from emotion_grid.base.files import {kind}
with {kind}(sys.argv[1]) as partial:
    (partial if partial.is_file() else partial / "part").write_text("half")
    print("ready", flush=True)
    time.sleep(60)
""",
        path,
    )
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (path if path.is_file() else path / "part").read_text() == "old"
    left = [name for name in names(tmp_path) if name != "result"]
    assert all(name.startswith(".result") for name in left), "nobody takes it for a result"


def test_folder_appears_whole_and_replaces_the_old_one(tmp_path):
    path = tmp_path / "cache" / "model"
    for content in ("first", "second"):
        with whole_folder(path) as partial:
            (partial / content).write_text(content)
            assert not (path / content).exists()
        assert names(path) == [content]
    assert names(path.parent) == ["model"]


def test_failure_leaves_the_old_folder_and_nothing_else(tmp_path):
    path = tmp_path / "model"
    with whole_folder(path) as partial:
        (partial / "old").touch()
    with pytest.raises(RuntimeError), whole_folder(path) as partial:
        (partial / "new").touch()
        raise RuntimeError
    assert names(path) == ["old"]
    assert names(tmp_path) == ["model"]
    with pytest.raises(RuntimeError), whole_folder(tmp_path / "other") as partial:
        raise RuntimeError
    assert names(tmp_path) == ["model"]


def told_by_a_library(number: int, how: str) -> Exception:
    """A disk without room in the words of libraries, as they told it on a disk of two megabytes."""
    system = OSError(number, os.strerror(number))
    if how == "by its cause":  # torch, into a file that Python has opened
        error = RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 704 vs 598")
        error.__context__ = system
        return error
    if how == "in Rust's words":  # safetensors, tokenizers
        return Exception(f"Error while serializing: I/O error: {os.strerror(number)} (os error {number})")
    if how == "in Python's words":  # copytree; pip, whose words are in a message
        return shutil.Error([("a", "b", str(system))])
    return system


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("how", ["as the system", "by its cause", "in Rust's words", "in Python's words"])
@pytest.mark.parametrize("whole", [whole_file, whole_folder])
def test_a_disk_without_room_is_an_error_that_names_what_was_written(tmp_path, whole, how, number):
    """Fault: a traceback of safetensors, torch or tokenizers, and a message that did not say where."""
    with pytest.raises(OSError) as caught, whole(tmp_path / "result"):
        raise told_by_a_library(number, how)
    assert (caught.value.errno, caught.value.filename) == (number, str(tmp_path / "result"))
    assert names(tmp_path) == []


@pytest.mark.parametrize("how", ["as the system", "by its cause", "in Rust's words", "in Python's words"])
def test_other_failures_stay_as_they_are(tmp_path, how):
    error = told_by_a_library(errno.EIO, how)
    with pytest.raises(type(error)) as caught, whole_folder(tmp_path / "result"):
        raise error
    assert caught.value is error


@pytest.mark.parametrize(
    ("mask", "file", "folder"), [(0o002, 0o664, 0o775), (0o022, 0o644, 0o755), (0o077, 0o600, 0o700)]
)
def test_permissions_follow_the_umask(tmp_path, umask, mask, file, folder):
    umask(mask)
    write_text(tmp_path / "a.txt", "a")
    write_json(tmp_path / "a.json", {})
    with whole_folder(tmp_path / "a") as partial:
        (partial / "b").touch()
        (partial / "private").touch(0o600)  # as safetensors writes
    assert (mode(tmp_path / "a.txt"), mode(tmp_path / "a.json"), mode(tmp_path / "a")) == (file, file, folder)
    assert mode(tmp_path / "a" / "b") == mode(tmp_path / "a" / "private") == file
    assert umask(0o022) == mask, "the umask of the process is as it was"


# --- JSON


@given(JSON)
def test_json_is_read_as_it_was_written(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("json") / "a.json"
    write_json(path, value)
    assert read_json(path) == value


def test_written_json_is_sorted_readable_and_keeps_letters(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": "ü"})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "a": "ü",\n  "b": 1\n}\n'


@pytest.mark.parametrize("content", [b'{"a": ', b"", b"\xff\xfe{}"], ids=["cut", "empty", "not UTF-8"])
def test_broken_json_is_named(tmp_path, content):
    (tmp_path / "spec.json").write_bytes(content)
    with pytest.raises(InputError, match=r"spec\.json: expected JSON"):
        read_json(tmp_path / "spec.json")


def test_a_folder_hands_the_group_on_where_the_one_above_does(tmp_path, umask):
    """Fault: in a team's folder, what lay in a folder written as a whole belonged to the writer's own group."""
    umask(0o002)
    tmp_path.chmod(0o2775)
    with whole_folder(tmp_path / "model") as partial:
        (partial / "inner").mkdir()
    for folder in (tmp_path / "model", tmp_path / "model" / "inner"):
        assert folder.stat().st_mode & 0o7777 == 0o2775
    tmp_path.chmod(0o775)
    with whole_folder(tmp_path / "model"):
        pass
    assert (tmp_path / "model").stat().st_mode & 0o7777 == 0o775
