"""Digests of large files are computed once, and again where a file is another one."""

import os

import pytest

from emotion_grid.base import kept
from emotion_grid.base.digests import file_digest
from emotion_grid.base.kept import kept_digest


@pytest.fixture
def large(tmp_path, monkeypatch):
    """A large file, the cache, and the list of files that were read."""
    read: list[str] = []
    monkeypatch.setattr(kept, "LARGE", 4)
    monkeypatch.setattr(kept, "file_digest", lambda path: (read.append(path.name), file_digest(path))[1])
    (tmp_path / "weights").write_bytes(b"weights")
    (tmp_path / "cache").mkdir()
    return tmp_path / "weights", tmp_path / "cache", read


def test_a_file_that_is_as_it_was_is_not_read_again(large):
    path, cache, read = large
    assert kept_digest(path, cache) == kept_digest(path, cache) == file_digest(path)
    assert read == ["weights"]


def test_a_file_with_other_content_is_read_whatever_its_times_say(large):
    """Fault: weights that were exchanged by a tool that keeps times are trained on under the digest of the old ones."""
    path, cache, _ = large
    before, status = kept_digest(path, cache), path.stat()
    path.write_bytes(b"others!")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_mtime_ns == status.st_mtime_ns and path.stat().st_size == status.st_size
    assert kept_digest(path, cache) == file_digest(path) != before


def test_a_broken_record_is_made_again(large):
    path, cache, read = large
    kept_digest(path, cache)
    for broken in ("", "[]", "{}", '{"file": 1}'):
        (record,) = (cache / "digests").iterdir()
        record.write_text(broken)
        assert kept_digest(path, cache) == file_digest(path)
    assert len(read) == 5


def test_small_files_leave_no_record_and_a_cache_that_is_not_there_is_not_made(large, tmp_path):
    """Fault: a dry run in a fresh checkout that writes a cache."""
    path, cache, _ = large
    path.write_bytes(b"abc")
    assert kept_digest(path, cache) == file_digest(path) and not list(cache.iterdir())
    path.write_bytes(b"weights")
    assert kept_digest(path, tmp_path / "none") == file_digest(path) and not (tmp_path / "none").exists()
