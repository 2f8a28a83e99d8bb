"""Files that appear whole or not at all, digests, and the guard of an experiment."""

import errno
import fcntl
import getpass
import hashlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_grid.base.digests import canonical, digest, file_digest
from emotion_grid.base.files import read_json, whole_file, whole_folder, write_json, write_text
from emotion_grid.base.locks import one_at_a_time
from emotion_grid.base.messages import InputError
from emotion_grid.jobs.guard import Guard

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def umask():
    """Call with a umask that holds for the test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.fixture
def start():
    """Start a Python program in the project and wait for its first line; it is killed at the end."""
    started = []

    def run(code: str, *arguments: object) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


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
def test_kill_in_the_middle_leaves_the_old_content_under_the_name(tmp_path, start, kind):
    path = tmp_path / "result"
    if kind == "whole_file":
        path.write_text("old")
    else:
        path.mkdir()
        (path / "part").write_text("old")
    process = start(
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


@pytest.mark.parametrize(
    ("mask", "file", "folder"), [(0o002, 0o664, 0o775), (0o022, 0o644, 0o755), (0o077, 0o600, 0o700)]
)
def test_permissions_follow_the_umask(tmp_path, umask, mask, file, folder):
    umask(mask)
    write_text(tmp_path / "a.txt", "a")
    write_json(tmp_path / "a.json", {})
    with whole_folder(tmp_path / "a") as partial:
        (partial / "b").touch()
    assert (mode(tmp_path / "a.txt"), mode(tmp_path / "a.json"), mode(tmp_path / "a")) == (file, file, folder)
    assert umask(0o022) == mask, "the umask of the process is as it was"


# --- digests


def _shuffled(value, random):
    if isinstance(value, dict):
        items = [(key, _shuffled(item, random)) for key, item in value.items()]
        random.shuffle(items)
        return dict(items)
    return [_shuffled(item, random) for item in value] if isinstance(value, list) else value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.randoms(use_true_random=False))
def test_order_of_keys_does_not_matter(value, random):
    assert canonical(_shuffled(value, random)) == canonical(value)
    assert digest(_shuffled(value, random)) == digest(value)


def test_digest_is_sha256_of_compact_sorted_json():
    text = '{"a":[1,2.5,null],"ü":{"b":"\\"","c":true}}'
    assert digest({"ü": {"c": True, "b": '"'}, "a": [1, 2.5, None]}) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("one", "other"), [([1, 2], [2, 1]), ({"a": 1}, {"a": "1"}), ({"a": None}, {}), (0, False), ("", None), ([[]], [])]
)
def test_different_values_have_different_digests(one, other):
    assert digest(one) != digest(other)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_has_no_digest(value):
    with pytest.raises(ValueError, match="JSON"):
        digest({"a": value})


def test_file_digest_is_that_of_its_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(JSON)
def test_json_is_read_as_it_was_written(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("json") / "a.json"
    write_json(path, value)
    assert read_json(path) == value


def test_written_json_is_sorted_readable_and_keeps_letters(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": "ü"})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "a": "ü",\n  "b": 1\n}\n'


def test_broken_json_is_named(tmp_path):
    (tmp_path / "spec.json").write_text('{"a": ')
    with pytest.raises(InputError, match=r"spec\.json: expected JSON"):
        read_json(tmp_path / "spec.json")


# --- the guard

HOLD = """
import sys, time
from pathlib import Path
from emotion_grid.base.locks import one_at_a_time
from emotion_grid.jobs.guard import Guard
guard = Guard(Path(sys.argv[1]), "tiny")
print("ready", flush=True)
time.sleep(60)
"""


def test_second_start_is_refused_and_says_who_holds_it(tmp_path, start):
    home = tmp_path / "results" / "tiny"
    process = start(HOLD, home)
    for _ in range(2):
        with pytest.raises(InputError) as caught:
            Guard(home, "tiny")
        message = str(caught.value)
        assert "tiny" in message
        assert getpass.getuser() in message
        assert socket.gethostname() in message
        assert str(process.pid) in message


def test_guard_of_a_killed_owner_is_free(tmp_path, start):
    process = start(HOLD, tmp_path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    guard = Guard(tmp_path, "tiny")
    with pytest.raises(InputError, match=rf"\b{os.getpid()}\b"):
        Guard(tmp_path, "tiny")
    del guard


def test_two_experiments_do_not_disturb_each_other(tmp_path, start):
    start(HOLD, tmp_path / "one")
    Guard(tmp_path / "two", "two")


def test_guard_whose_owner_did_not_sign_is_refused_all_the_same(tmp_path):
    guard = Guard(tmp_path, "tiny")
    (tmp_path / ".guard").write_text("")
    with pytest.raises(InputError, match="already running"):
        Guard(tmp_path, "tiny")
    del guard


# --- one process at a time for a run

WORK = """
import sys, time
from pathlib import Path
from emotion_grid.base.locks import one_at_a_time
with one_at_a_time(Path(sys.argv[1])) as waited:
    print("waited" if waited else "ready", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def test_a_second_process_waits_for_the_first_and_is_told(tmp_path, start):
    """Fault: after a kill of Snakemake alone, its training process and the next start's train one run at once."""
    spec = tmp_path / "spec.json"
    spec.write_text("{}")
    first = start(WORK, spec, 60)
    second = subprocess.Popen(
        [sys.executable, "-c", WORK, str(spec), "0"], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert b"another process is at work" in second.stderr.readline()
    first.kill()
    assert second.communicate(timeout=30)[0] == b"waited\n"
    with one_at_a_time(spec) as waited:
        assert not waited
    assert spec.read_text() == "{}"


def test_a_file_system_without_locks_is_said_and_stops_nothing(tmp_path, monkeypatch, capsys):
    def unsupported(file, how):
        raise OSError(errno.ENOSYS, "no locks here")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    (tmp_path / "spec.json").write_text("{}")
    with one_at_a_time(tmp_path / "spec.json") as waited:
        assert not waited
    assert not Guard(tmp_path, "tiny").held
    assert capsys.readouterr().err.count("knows no locks") == 2
