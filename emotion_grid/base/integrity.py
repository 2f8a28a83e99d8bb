"""Digests of what a step wrote: a file that was cut, edited or exchanged afterwards is found before anything is made from it.

A step writes its record last: a JSON file that holds, under `digests`, the SHA-256 of each file, by its path from the record's folder, and
that of the record itself without it. A record without `digests`, of an earlier version, is accepted as it is.

A job that finds damage leaves a note beside the record and ends. The next start moves what is damaged into a folder `set-aside` and makes
it again; nothing is deleted.
"""

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import digest, file_digest
from emotion_grid.base.files import read_json, write_json, write_text
from emotion_grid.base.layout import SPEC
from emotion_grid.base.messages import InputError

DIGESTS = "digests"
"""The key of a record under which the digests stand."""

NOTE = "damaged.txt"
"""Beside a record: what does not match it."""

SET_ASIDE, REASON = "set-aside", "reason.txt"
"""Folder of what was damaged; beside each thing in it, why it is there."""

SHOWN = 8
"""Damaged files that a message names; the others are counted."""


def write_record(
    record: Path, facts: Mapping[str, Any], names: Iterable[str], known: Mapping[str, str] | None = None
) -> None:
    """Write a folder's record after the files that it names; the folder's spec is always among them.

    Args:
        record: its path.
        facts: what it says besides.
        names: paths of files, from the record's folder.
        known: digests of files that were computed just now, by these paths.
    """
    known = known or {}
    with_spec = [*names, *([SPEC] if (record.parent / SPEC).is_file() else [])]
    _write(record, facts, {name: known.get(name) or file_digest(record.parent / name) for name in with_spec})


def _write(record: Path, facts: Mapping[str, Any], digests: Mapping[str, str]) -> None:
    rest = {name: value for name, value in facts.items() if name != DIGESTS}
    others = {name: value for name, value in digests.items() if name != record.name}
    write_json(record, {**rest, DIGESTS: {**others, record.name: _own_digest({**rest, DIGESTS: others})}})


@contextmanager
def recorded(record: Path, names: Iterable[str], facts: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Write a record of the files that the block makes, and of facts besides; the record of earlier ones is gone while it runs."""
    record.unlink(missing_ok=True)
    yield
    write_record(record, facts or {}, names)


def renew_record(record: Path, names: Iterable[str]) -> None:
    """Note the digests of files in a record that is already there."""
    facts, names = read_json(record), list(names)
    _write(record, facts, {**facts.get(DIGESTS, {}), **{name: file_digest(record.parent / name) for name in names}})


def forget(record: Path, names: Iterable[str]) -> None:
    """Note that files are about to change: nothing is known of them until the record is renewed."""
    facts, gone = read_json(record), {*names, record.name}
    _write(record, facts, {name: value for name, value in facts.get(DIGESTS, {}).items() if name not in gone})


def files_below(folder: Path, part: str = ".") -> list[str]:
    """Paths, as seen from a folder, of all files in one of its folders, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in (folder / part).rglob("*") if path.is_file())


def _own_digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of what a record says, without its own digest."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def read_record(record: Path) -> tuple[dict[str, Any], str]:
    """The content of a record, or nothing and what is wrong with it.

    Raises:
        InputError: the system does not let it be read, which says nothing about what is in it.
    """
    try:
        content = read_json(record)
    except InputError as error:
        return {}, str(error)
    except FileNotFoundError:
        return {}, f"{record}: expected JSON, found no file"
    except OSError as error:
        raise _unreadable(record, error) from error
    if not isinstance(content, dict) or not isinstance(content.get(DIGESTS, {}), dict):
        return {}, f"{record}: expected a JSON object with digests, found another value"
    return content, ""


def find_damage(record: Path, names: Iterable[str] | None = None) -> dict[str, str]:
    """What does not match a record: a message for each file, by its path from the record's folder.

    Args:
        names: the files to read, those that the record knows; None for all. The record itself is always checked first: if it does not
            match its own digest, nothing is known of the files.

    Raises:
        InputError: the system does not let a file be read, which is no damage.
    """
    content, broken = read_record(record)
    if broken:
        return {record.name: broken}
    if DIGESTS not in content:
        return _noted(record)
    expected = content[DIGESTS]
    own = str(expected.pop(record.name, None))
    if own != (actual := _own_digest(content)):
        return {record.name: _differs(record, own, actual, record)}
    found = {}
    for name in expected if names is None else [name for name in names if name in expected]:
        path = record.parent / name
        if not path.is_file():
            found[name] = f"{path}: expected the file that {record.name} names, found none"
        elif expected[name] != (actual := _digest(path)):
            found[name] = _differs(path, expected[name], actual, record)
    if SPEC in expected and SPEC not in found and (foreign := spec_damage(record.parent)):
        found[SPEC] = foreign
    return found


def known_names(record: Path) -> list[str]:
    """The files of which a record holds the digests; none where it cannot be read."""
    return [name for name in read_record(record)[0].get(DIGESTS, {}) if name != record.name]


def _digest(path: Path) -> str:
    try:
        return file_digest(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path}: expected a file that can be read, found {error.strerror}; ask its owner or the admins, and start again"
    )


def _differs(path: Path, expected: str, found: str, record: Path) -> str:
    return f"{path}: expected SHA-256 {expected[:16]}... (as {record.name} says), found {found[:16]}..."


def _noted(record: Path) -> dict[str, str]:
    """What a job noted about files whose digests are not known."""
    note = record.with_name(NOTE)
    return {NOTE: note.read_text(encoding="utf-8", errors="replace").strip()} if note.is_file() else {}


def spec_damage(folder: Path) -> str:
    """What is wrong if a folder's name ends in the digest of another spec than its own; empty if all is well."""
    named = re.search(r"(?:^|[_-])([0-9a-f]{16}|[0-9a-f]{8})$", folder.name)
    content, broken = read_record(folder / SPEC)
    found = digest({name: value for name, value in content.items() if name != "source"})  # where an encoder was found
    if not named or broken or found.startswith(named[1]):
        return broken if named else ""
    return (
        f"{folder / SPEC}: expected the spec whose digest is {named[1]} (as the folder's name says), found {found[:16]}"
    )


def expect_whole(records: Mapping[Path, Iterable[str] | None]) -> None:
    """Refuse files that do not match their records; a record that is not there has nothing to say.

    Args:
        records: of each record the files to read; None for all that it knows.

    Raises:
        InputError: all that does not match. It is noted for the next start, which makes it again.
    """
    damaged = {}
    for record, names in records.items():
        if record.is_file() and (found := find_damage(record, names)):
            damaged[record] = list(found.values())
    if damaged:
        raise InputError(note_damage(damaged))


def note_damage(damaged: Mapping[Path, list[str]]) -> str:
    """Leave a note for the next start beside each record; return what was found, and what to do.

    Args:
        damaged: of each record what does not match it.
    """
    locked = []
    for record, reasons in damaged.items():
        try:
            write_text(record.with_name(NOTE), "\n".join(reasons) + "\n")
        except OSError:
            locked.append(str(record.parent))
    lines = shortened([reason for reasons in damaged.values() for reason in reasons])
    advice = f"start again: the next start moves what is damaged to a folder {SET_ASIDE} and makes it again"
    if locked:
        advice = f"ask the owner of {', '.join(locked)} to delete it, and start again: then it is made again"
    return "\n".join([*lines, advice])


def shortened(lines: list[str]) -> list[str]:
    """Lines, cut where they are many."""
    return lines if len(lines) <= SHOWN else [*lines[:SHOWN], f"... and {len(lines) - SHOWN} more"]


def is_suspect(record: Path, names: Iterable[str]) -> bool:
    """Whether damage was noted, or a file was written after its record or is gone: by file times alone, nothing is read."""
    folder, written = str(record.parent), time_of(record)
    if time_of(f"{folder}/{NOTE}") is not None:
        return True
    if written is None:
        return False
    return any((other := time_of(f"{folder}/{name}")) is None or other > written for name in names)


def time_of(path: Path | str) -> int | None:
    """When a file was last written, in nanoseconds; None if there is none."""
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116 - asked of every file of a large grid: without building paths
    except OSError:
        return None


def clear_suspicion(record: Path, names: Iterable[str]) -> None:
    """Remove the note about files that were read and match their record, and let them be no younger than it.

    Otherwise a folder that was copied without its file times would be read at every start.
    """
    folder, written = record.parent, record.stat()
    try:
        (folder / NOTE).unlink(missing_ok=True)
        for path in (folder / name for name in names):
            if path.stat().st_mtime_ns > written.st_mtime_ns:
                os.utime(path, ns=(path.stat().st_atime_ns, written.st_mtime_ns))
    except OSError:  # somebody else's: it is read again next time
        return


def set_aside(path: Path, root: Path, reasons: Iterable[str]) -> Path:
    """Move a file or folder out of the way, with the reason beside it; return where it lies now.

    Args:
        root: the folder in which `set-aside` is; results and cache have one each.

    Raises:
        InputError: it must not be moved.
    """
    place = root / SET_ASIDE / time.strftime("%Y-%m-%d") / path.relative_to(root)
    number, target = 1, place
    while target.exists():
        number += 1
        target = place.with_name(f"{place.name}-{number}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        write_text(target.with_name(f"{target.name}.{REASON}"), "\n".join(reasons) + "\n")
    except OSError as error:
        raise InputError(
            f"{path}: expected permission to move it to {target}, since it is damaged, found none ({error.strerror}); "
            "delete it or ask its owner to, and start again"
        ) from error
    return target
