"""What a start finds damaged when it begins, before it plans: it is moved aside and made again.

A start of ten thousand finished runs must not read their tables. Of a run only file times are looked at: a file that was written after
its record is read and compared with it, and so is a record that was written after the last scoring. What escapes this, such as a table
with another's file times, is found when it is read: scoring and every job compare all that they read.
"""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from emotion_grid.base.integrity import (
    NOTE,
    SET_ASIDE,
    clear_suspicion,
    find_damage,
    is_suspect,
    known_names,
    set_aside,
    shortened,
    time_of,
)
from emotion_grid.base.layout import (
    CHECKS,
    DATASETS,
    EXPLANATION_RECORD,
    EXPLANATIONS,
    FEATURES_RECORD,
    FETCHED,
    LABELLING,
    MODEL_RECORD,
    RECORDED,
    RUNS,
    SPEC,
    SUMMARY_TABLE,
    TOKENS_RECORD,
    data_folder,
)
from emotion_grid.base.locks import one_maker
from emotion_grid.data.splits import BASELINE_FILES, HISTORY, MODEL, PROVENANCE
from emotion_grid.plan.plan import Plan, Row


@dataclass
class Damage:
    """What does not match its record.

    Attributes:
        found: of each file or folder to move aside, its record and the reasons.
        whole: records that were suspected for nothing, and the files that they are about.
    """

    found: dict[Path, tuple[Path, list[str]]] = field(default_factory=dict)
    whole: dict[Path, list[str]] = field(default_factory=dict)

    def inspect(self, record: Path, names: list[str]) -> dict[str, str]:
        """What does not match a suspected record, by the file's path from its folder."""
        damaged = find_damage(record)
        if not damaged:
            self.whole[record] = names
        return damaged

    def note(self, record: Path, damaged: dict[str, str]) -> None:
        """Note that the folder of a record is to be moved aside, or only what alone is wrong and can be written again by itself."""
        path = record.parent
        if len(damaged) == 1 and (name := next(iter(damaged))) in (SPEC, LABELLING):
            path = path / name
        if damaged and path.exists():
            self.found[path] = record, list(damaged.values())

    def tell(self, looks: bool) -> str:
        """What is damaged, and what becomes of it.

        Args:
            looks: whether this start changes nothing.
        """
        lines = shortened([reason for _, reasons in self.found.values() for reason in reasons])
        start = "The next start" if looks else "This start"
        runs = sum(path.parent.name == RUNS for path in self.found)
        trained = f" Trained again: {runs} run{'s' * (runs != 1)}." if runs else ""
        return "\n".join(
            [
                "Damaged since it was written:",
                *lines,
                f"{start} moves it to a folder {SET_ASIDE} and makes it again.{trained}",
            ]
        )


def damaged_results(plan: Plan, home: Path, finished: Iterable[Row]) -> Damage:
    """What is damaged in an experiment's folder of results, as far as its current grid uses it.

    Args:
        home: the folder.
        finished: the rows whose files are all there.
    """
    damage = Damage()
    scored = time_of(home / SUMMARY_TABLE)
    for row in finished:
        record = home / row.folder / PROVENANCE
        damage.note(record, _damage_of_row(damage, row, record, scored))
        _note_listed(damage, record.parent / MODEL / MODEL_RECORD)
    for key in plan.data:
        _note_listed(damage, data_folder(home, key) / CHECKS)
    for record in (home / EXPLANATIONS).glob(f"*/{EXPLANATION_RECORD}"):
        _note_listed(damage, record)
    for name, tables in RECORDED.items():
        _note_tables(damage, home / name, tables)
    return damage


def _damage_of_row(damage: Damage, row: Row, record: Path, scored: int | None) -> dict[str, str]:
    """What of a row does not match its record, if it is suspected.

    Args:
        scored: when the rows were last scored, in nanoseconds, or None.
    """
    names = [*BASELINE_FILES, *([HISTORY] if row.kind == "run" else []), SPEC]
    if is_suspect(record, names):
        return damage.inspect(record, names)
    written = time_of(record)
    return find_damage(record, ()) if scored and written and written > scored else {}


def _note_listed(damage: Damage, record: Path) -> None:
    """Note a folder whose record says itself which files are in it: there are few of these, so that their records can be read."""
    if not record.is_file():
        return
    names = known_names(record)
    damaged = damage.inspect(record, names) if is_suspect(record, names) else find_damage(record, ())
    damage.note(record, damaged)


def _note_tables(damage: Damage, record: Path, tables: Iterable[str]) -> None:
    """Note tables of an experiment; all that a record is about where it says itself nothing that can be believed."""
    if not record.is_file():
        return
    there = [name for name in tables if (record.parent / name).is_file()]
    damaged = damage.inspect(record, there) if is_suspect(record, there) else find_damage(record, ())
    if record.name in damaged:
        damaged |= dict.fromkeys(there, damaged[record.name])
    for name, reason in damaged.items():
        if (record.parent / name).is_file():
            damage.found[record.parent / name] = record, [reason]


def damaged_inputs(made: Iterable[Row], finished: Iterable[Row], cache: Path, datasets: Iterable[str] = ()) -> Damage:
    """What is damaged in the cache.

    Args:
        made: rows that are still to be made: what they read is looked at.
        finished: the others; they may still be explained, or predict new texts. Of what they read only notes count.
        cache: the folder.
        datasets: names of the folders of splits of the hub.
    """
    damage = Damage()
    for key in datasets:
        _note_listed(damage, cache / DATASETS / key / FETCHED)
    needed = _records(made, cache)
    noted = {record for record in _records(finished, cache) - needed if record.with_name(NOTE).is_file()}
    for record in sorted(needed | noted):
        _note_listed(damage, record)
    return damage


def _records(rows: Iterable[Row], cache: Path) -> set[Path]:
    """The records of what rows read in the cache."""
    names = {
        (folder, name)
        for inputs in (row.inputs for row in rows)
        for folder, name in (
            (inputs.encoder, FETCHED),
            (inputs.tokens, TOKENS_RECORD),
            (inputs.features, FEATURES_RECORD),
        )
    }
    return {cache / folder / name for folder, name in names if folder}


def put_aside(damage: Damage, root: Path, shared: bool = False) -> None:
    """Move what is damaged aside, and forget suspicions that were for nothing.

    Args:
        root: the experiment's folder of results, or the cache.
        shared: whether others may be making the same at this moment.

    Raises:
        InputError: something must not be moved.
    """
    for path, (record, reasons) in damage.found.items():
        with one_maker(record.parent) if shared else nullcontext():
            if path.exists() and (not shared or find_damage(record)):
                set_aside(path, root, reasons)
    for record, names in damage.whole.items():
        clear_suspicion(record, names)
