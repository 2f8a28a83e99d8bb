"""A study on several data sets: the config of the study on each of them, as if it were alone."""

import copy
import re
from pathlib import Path
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.config.checking import check_config
from emotion_grid.data.hub import is_hub

SETS, KEY, PLACE = "sets", "data", "{set}"
"""The key under `data`, the key by which a block of the grid names sets, and what stands for a set's name in paths."""

ALL = "all"
"""In the place of a list of sets, or of a name: every name that, in the place of `{set}`, makes the path of a training file."""

TRAIN_ON, JUDGED_ON = "train_on", "judged_on"
"""Keys of a set that unites others (`united.py`)."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def check_sets(config: dict[str, Any], command_line: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """Check a config and return that of the study on each data set, with every default filled in; under "" if it names no sets.

    Sets that unite others are left out (`united.py`).

    Args:
        config: the config, with what the command line sets.
        command_line: what the command line sets; numbers in it may be text.

    Raises:
        InputError: a line for each problem; one that all sets have in common is said once.
    """
    if not names_sets(config):
        return {"": check_config(config, command_line)}
    names = set_names(config)
    _check_blocks(config, names)
    names = [name for name in names if not is_united(config, name)]
    checked: dict[str, dict[str, Any]] = {}
    problems: dict[str, list[str]] = {}
    for name in names:
        try:
            checked[name] = check_config(config_of(config, name), command_line)
        except InputError as error:
            problems.setdefault(str(error), []).append(name)
    for text, found in problems.items():
        if len(found) == len(names):
            raise InputError(text)
    if problems:
        raise InputError("\n".join(f"data.sets.{', '.join(found)}: {text}" for text, found in problems.items()))
    for place, name in enumerate(names):
        for other in names[:place]:
            if checked[name]["data"] == checked[other]["data"]:
                raise InputError(
                    f"data.sets: expected sets that differ, found the same files and settings for {other} and {name}; write {PLACE} where "
                    "their paths differ, or a section for each"
                )
    return checked


def names_sets(config: dict[str, Any]) -> bool:
    """Whether a config, checked or not, is of a study on several data sets."""
    return isinstance(config.get("data"), dict) and SETS in config["data"]


def set_names(config: dict[str, Any]) -> list[str]:
    """Names of the data sets of a config that is not checked yet, in its order.

    Raises:
        InputError: something else than names, or `all` where no file is found.
    """
    declared = config["data"][SETS]
    names = _found_names(config) if declared == ALL else declared
    if isinstance(names, dict) and ALL in names:
        names = [one for name in names for one in (_found_names(config) if name == ALL else [name])]
    if not isinstance(names, list | dict) or not names:
        raise InputError(
            f"data.sets: expected a list of names, a mapping from names to what is special about each set, or {ALL}, found "
            f"{'nothing' if names in (None, [], {}) else names}"
        )
    for name in names:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise InputError(
                f"data.sets: expected names of at most 40 letters, digits, dots, hyphens or underscores, found {name!r}"
            )
    if twice := next((name for name in names if list(names).count(name) > 1), None):
        raise InputError(f"data.sets: expected each name once, found {twice} twice")
    return list(names)


def _found_names(config: dict[str, Any]) -> list[str]:
    """The sets of `all`."""
    path = str(config["data"].get("train", ""))
    if path.count(PLACE) != 1:
        raise InputError(
            f"data.train: expected a path with {PLACE} in it once, since data.sets is {ALL}, found {path or 'none'}"
        )
    if is_hub(path):
        raise InputError(
            f"data.sets: expected names, since planning does not ask the hub, found {ALL}; list the sets of {path}"
        )
    template = Path(config.get("data_root", ".")).expanduser() / path
    place = next(number for number, part in enumerate(template.parts) if PLACE in part)
    folder, before_and_after = Path(*template.parts[:place]), template.parts[place].split(PLACE)
    pattern = re.compile("(.+)".join(map(re.escape, before_and_after)))
    found = [pattern.fullmatch(entry.name) for entry in sorted(folder.iterdir())] if folder.is_dir() else []
    names = [match[1] for match in found if match and Path(str(template).replace(PLACE, match[1])).exists()]
    if not names:
        raise InputError(f"data.train: expected files of the form {template}, found none; check data_root")
    return names


def config_of(config: dict[str, Any], name: str) -> dict[str, Any]:
    """The config, not checked yet, of the study on one data set: what the set says of itself stands over what is said of all.

    Args:
        config: one that names several sets.
        name: of a set.

    Raises:
        InputError: a set whose entry is no mapping, and blocks of the grid that name it in another way than as a name or a list of names.
    """
    data = copy.deepcopy(config["data"])
    del data[SETS]
    merged = _placed({**data, **own_entry(config, name)}, name)
    found = {**config, "data": merged, "grid": _blocks_of(config.get("grid"), name)}
    return {**found, "compare": _placed(config["compare"], name)} if "compare" in config else found


def own_entry(config: dict[str, Any], name: str) -> dict[str, Any]:
    """What a config, not checked yet, says of one set alone.

    Raises:
        InputError: it is no mapping.
    """
    declared = config["data"][SETS]
    own = declared.get(name, declared.get(ALL)) if isinstance(declared, dict) else None
    if own is not None and not isinstance(own, dict):
        raise InputError(f"data.sets.{name}: expected a mapping of keys of data, found {own}")
    return own or {}


def is_united(config: dict[str, Any], name: str) -> bool:
    """Whether a set unites others, in a config that is not checked yet."""
    return bool({TRAIN_ON, JUDGED_ON} & set(own_entry(config, name)))


def declares_labels(config: dict[str, Any], name: str) -> bool:
    """Whether a set lists its labels itself, in a config that is not checked yet: it must have all of them."""
    return "labels" in own_entry(config, name)


def _placed(value: Any, name: str) -> Any:
    """A value with a set's name in every text in the place of `{set}`."""
    if isinstance(value, dict):
        return {key: _placed(item, name) for key, item in value.items()}
    if isinstance(value, list):
        return [_placed(item, name) for item in value]
    return value.replace(PLACE, name) if isinstance(value, str) else value


def _blocks_of(grid: Any, name: str) -> Any:
    """The blocks of a grid that are for a set, without the key that says so; what is no list of mappings is left for the check."""
    if not isinstance(grid, list):
        return grid
    blocks = []
    for block in grid:
        if not isinstance(block, dict):
            blocks.append(block)
        elif _is_for(block, name):
            nested = {key: _blocks_of(block[key], name) for key in ("include", "exclude") if key in block}
            if not any(
                entry == {} for entry in nested.get("exclude", []) or []
            ):  # the whole block is excluded for this set
                blocks.append({key: value for key, value in {**block, **nested}.items() if key != KEY})
    return blocks


def _is_for(block: dict[str, Any], name: str) -> bool:
    """Whether a block, or an entry of its `include` or `exclude`, is for a set: one that names no sets is for all."""
    return KEY not in block or name in _listed(block[KEY])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _check_blocks(config: dict[str, Any], names: list[str]) -> None:
    """Refuse blocks that name a set that is not there, and a set that no block is for.

    Raises:
        InputError: with the block's place, or the set's name.
    """
    grid = config.get("grid")
    blocks = [block for block in grid if isinstance(block, dict)] if isinstance(grid, list) else []
    for number, block in enumerate(blocks):
        for where, entry in _entries(block, f"grid[{number}]"):
            for found in _listed(entry.get(KEY, [])):
                if found not in names:
                    raise InputError(
                        f"{where}.{KEY}: expected names under data.sets ({', '.join(names)}), found {found}"
                    )
    for name in names:
        if blocks and not _blocks_of(blocks, name):
            raise InputError(f"data.sets: expected sets that the grid uses, found {name}, which no block is for")


def _entries(block: dict[str, Any], where: str) -> list[tuple[str, dict[str, Any]]]:
    """A block and the entries of its `include` and `exclude`, each with its place in the config."""
    found = [(where, block)]
    for key in ("include", "exclude"):
        entries = block.get(key)
        for number, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict):
                found.append((f"{where}.{key}[{number}]", entry))
    return found
