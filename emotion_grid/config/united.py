"""Data sets that unite others: trained on all of some, judged on each of some."""

from dataclasses import dataclass
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.config.checking import check_config
from emotion_grid.config.sets import ALL, JUDGED_ON, TRAIN_ON, config_of, is_united, own_entry, set_names

UNITED = "united"
"""The key, in the checked config of such a set, under which the configs of the sets that it unites stand."""


@dataclass(frozen=True)
class Union:
    """Which sets a set unites.

    Attributes:
        train_on: the sets whose training rows it learns from.
        judged_on: the sets whose dev and test rows it predicts, and on which it is judged one by one.
    """

    train_on: list[str]
    judged_on: list[str]

    @property
    def names(self) -> list[str]:
        """All of them."""
        return list(dict.fromkeys([*self.train_on, *self.judged_on]))


def unions(config: dict[str, Any]) -> dict[str, Union]:
    """The sets of a config, not checked yet, that unite others, by their names.

    Raises:
        InputError: names of no set with files of its own, or keys that such a set cannot have.
    """
    entries = {name: own_entry(config, name) for name in set_names(config)}
    plain = [name for name in entries if not is_united(config, name)]
    found = {}
    for name, entry in ((name, entry) for name, entry in entries.items() if name not in plain):
        if other := next((key for key in entry if key not in (TRAIN_ON, JUDGED_ON)), None):
            raise InputError(
                f"data.sets.{name}: expected {TRAIN_ON} and {JUDGED_ON} alone (its rows are those of the sets that it unites), found {other}"
            )
        if TRAIN_ON not in entry:
            raise InputError(
                f"data.sets.{name}: expected {TRAIN_ON} (the sets whose rows it learns from), found {JUDGED_ON} alone"
            )
        train_on = _named(entry[TRAIN_ON], plain, f"data.sets.{name}.{TRAIN_ON}")
        judged_on = _named(entry.get(JUDGED_ON, train_on), plain, f"data.sets.{name}.{JUDGED_ON}")
        found[name] = Union(train_on, judged_on)
    return found


def _named(value: Any, plain: list[str], where: str) -> list[str]:
    """Names of sets: one, a list, or `all`."""
    names = plain if value == ALL else value if isinstance(value, list) else [value]
    for name in names:
        if name not in plain:
            raise InputError(
                f"{where}: expected sets with files of their own ({', '.join(plain)}), or {ALL}, found {name}"
            )
    return list(dict.fromkeys(names))


def united_config(
    config: dict[str, Any], name: str, union: Union, checked: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """The checked config of the study on a set that unites others.

    Args:
        config: that of the study, not checked yet.
        name: the set's.
        union: which sets it unites.
        checked: the checked configs of these sets.

    Raises:
        InputError: sets that have no label in common, and folds.
    """
    labels = list(dict.fromkeys(label for part in union.names for label in checked[part]["data"]["labels"]))
    for part in union.judged_on:
        if not set(checked[part]["data"]["labels"]) & {
            label for one in union.train_on for label in checked[one]["data"]["labels"]
        }:
            raise InputError(
                f"data.sets.{name}: expected sets with labels in common, found that {', '.join(union.train_on)} and {part} have none"
            )
    if folded := next((part for part in union.names if "folds" in checked[part]["data"]), None):
        raise InputError(
            f"data.sets.{name}: expected sets without data.folds, found {folded} with them; leave data.folds out"
        )
    raw = config_of(config, name)
    words = {"train": ", ".join(union.train_on), "labels": labels}
    words |= {
        split: ", ".join(union.judged_on)
        for split in ("dev", "test")
        if any(split in checked[part]["data"] for part in union.judged_on)
    }
    kept = {key: value for key, value in raw["data"].items() if key in ("validation", "split_seed", "clean", "drop")}
    found = check_config({**raw, "data": {**kept, **words}, "compare": {}})
    parts = {part: checked[part] for part in union.names}
    return {**found, UNITED: {TRAIN_ON: union.train_on, JUDGED_ON: union.judged_on, "sets": parts}}
