"""Records of digests: what was damaged after it was written is found, and what is not is left alone."""

import errno
import os
from pathlib import Path

import pytest

from emotion_grid.base import integrity
from emotion_grid.base.digests import digest
from emotion_grid.base.files import read_json, write_json
from emotion_grid.base.integrity import (
    DIGESTS,
    clear_suspicion,
    expect_whole,
    find_damage,
    forget,
    is_suspect,
    recorded,
    renew_record,
    set_aside,
    spec_damage,
    write_record,
)
from emotion_grid.base.messages import InputError

NAMES = ["a.csv", "below/b.bin"]


@pytest.fixture
def record(tmp_path) -> Path:
    """The record of a folder that is named by its spec and holds two files."""
    spec = {"seed": 1, "source": "where an encoder was found does not count"}
    folder = tmp_path / "root" / "kind" / f"name_{digest({'seed': 1})[:8]}"
    write_json(folder / "spec.json", spec)
    (folder / "below").mkdir()
    (folder / "a.csv").write_text("id,joy\n1,0.25\n")
    (folder / "below" / "b.bin").write_bytes(bytes(range(200)))
    write_record(folder / "record.json", {"score": 0.5, "none": float("nan")}, NAMES)
    return folder / "record.json"


def test_whole_files_match_and_the_record_says_what_it_was_given(record):
    assert find_damage(record) == {}
    assert read_json(record)["score"] == 0.5
    assert set(read_json(record)[DIGESTS]) == {*NAMES, "spec.json", "record.json"}
    assert not is_suspect(record, [*NAMES, "spec.json"])
    expect_whole({record: None, record.with_name("absent.json"): None})


DAMAGES = {
    "cut": lambda content: content[: len(content) // 2],
    "emptied": lambda content: b"",
    "changed": lambda content: content.replace(b"5", b"6", 1) if b"5" in content else b"\xff" + content[1:],
    "not UTF-8": lambda content: b"\xff\xfe" + content,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", [*NAMES, "spec.json", "record.json"])
def test_damage_is_found_named_and_noted(record, name, damage):
    path = record.parent / name
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert set(find_damage(record)) == {name}
    with pytest.raises(InputError, match=f"{path}: expected .*, found .*\nstart again"):
        expect_whole({record: None})
    assert str(path) in (record.parent / "damaged.txt").read_text()
    assert is_suspect(record, [])


def test_a_file_that_is_gone_is_damage(record):
    (record.parent / "a.csv").unlink()
    assert is_suspect(record, NAMES) and list(find_damage(record)) == ["a.csv"]


def test_what_the_system_does_not_let_be_read_is_no_damage(record, monkeypatch):
    """Fault: a disk that answers late, or a folder that its owner has closed, lets finished runs be trained again."""

    def refused(*arguments: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(integrity, "file_digest", refused)
    with pytest.raises(InputError, match=r"a\.csv: expected a file that can be read, found Input/output error"):
        expect_whole({record: None})
    monkeypatch.setattr(integrity, "read_json", refused)
    with pytest.raises(InputError, match=r"record\.json: expected a file that can be read"):
        find_damage(record)
    assert not (record.parent / "damaged.txt").exists()


def test_only_the_files_that_are_asked_for_are_read(record):
    (record.parent / "a.csv").write_text("")
    assert find_damage(record, ["below/b.bin", "unknown"]) == {}
    assert list(find_damage(record, ["a.csv"])) == ["a.csv"]


def test_a_whole_folder_in_another_s_place_is_found_by_its_name(record):
    other = record.parent.with_name("name_01234567")
    record.parent.rename(other)
    assert "expected the spec whose digest is 01234567" in find_damage(other / "record.json")["spec.json"]
    assert "01234567" in spec_damage(other)
    plain = other.with_name("plain-name")
    other.rename(plain)
    assert spec_damage(plain) == "" and find_damage(plain / "record.json") == {}


def test_a_record_without_digests_is_accepted_until_a_job_notes_damage(record):
    write_json(record, {"score": 0.5})
    (record.parent / "a.csv").write_text("")
    assert find_damage(record) == {}
    (record.parent / "damaged.txt").write_text("cannot be scored\n")
    assert find_damage(record) == {"damaged.txt": "cannot be scored"}


def test_files_may_change_while_a_record_forgets_them(record):
    forget(record, ["a.csv"])
    (record.parent / "a.csv").write_text("other\n")
    assert find_damage(record) == {}
    renew_record(record, ["a.csv"])
    assert find_damage(record) == {}
    (record.parent / "a.csv").write_text("id,joy\n1,0.25\n")
    assert list(find_damage(record)) == ["a.csv"]


def test_a_block_that_fails_leaves_no_record(record):
    with pytest.raises(ValueError, match="half-way"), recorded(record, NAMES):
        assert not record.exists()
        raise ValueError("half-way")
    assert not record.exists()


def test_a_suspicion_for_nothing_is_raised_once(record):
    """Fault: a folder that was copied without its file times is read at every start."""
    later = record.stat().st_mtime + 10
    os.utime(record.parent / "a.csv", (later, later))
    assert is_suspect(record, NAMES) and not find_damage(record)
    clear_suspicion(record, NAMES)
    assert not is_suspect(record, NAMES)


def test_what_is_set_aside_is_kept_with_the_reason(record):
    root = record.parents[2]
    content = (record.parent / "a.csv").read_bytes()
    first = set_aside(record.parent / "a.csv", root, ["it was cut", "and more"])
    assert first.read_bytes() == content and not (record.parent / "a.csv").exists()
    assert first.relative_to(root).parts[0] == "set-aside" and first.parts[-2:] == (record.parent.name, "a.csv")
    assert (first.parent / "a.csv.reason.txt").read_text() == "it was cut\nand more\n"
    (record.parent / "a.csv").write_text("again")
    assert set_aside(record.parent / "a.csv", root, ["again"]).read_text() == "again"
    assert first.read_bytes() == content
    set_aside(record.parent, root, ["all"])
    assert not record.parent.exists()
