"""The checked configs of a study, one for each of its data sets."""

from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.config.checking import check_config
from emotion_grid.config.sets import check_sets, config_of, declares_labels, is_united, names_sets, set_names
from emotion_grid.config.united import unions, united_config
from emotion_grid.data.problems import listed
from emotion_grid.plan.sets import with_own_labels


def checked_configs(
    config: dict[str, Any], command_line: dict[str, Any]
) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """The config of each data set, checked, with its defaults and with the labels that the set is annotated for.

    Args:
        config: Snakemake's config.
        command_line: what `--config` sets.

    Returns:
        The configs by the names of the sets, under "" in a study on a single one; and the labels that each set goes without.

    Raises:
        InputError: what cannot be used, and a label that no set is annotated for.
    """
    checked = check_sets(config, command_line)
    without: dict[str, list[str]] = {}
    for name in checked:
        if name and not declares_labels(config, name):
            checked[name], missing = with_own_labels(name, checked[name])
            without |= {name: missing} if missing else {}
    if len(without) == len(checked) and (nowhere := set.intersection(*map(set, without.values()))):
        raise InputError(
            f"data.labels: expected labels that some set has a column for, found {listed(sorted(nowhere))}, which none has"
        )
    return _with_unions(config, checked), without


def _with_unions(config: dict[str, Any], checked: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The configs of all sets in their order, those that unite others with them."""
    if not names_sets(config):
        return checked
    united = {name: united_config(config, name, union, checked) for name, union in unions(config).items()}
    return {name: checked.get(name) or united[name] for name in set_names(config)}


def checked_config(config: dict[str, Any], name: str) -> dict[str, Any]:
    """The config of one data set, as `checked_configs` has it: for a job, which has been told its set.

    Args:
        config: Snakemake's config.
        name: the set's; empty in a study on a single one.
    """
    if not name:
        return check_config(config)
    if is_united(config, name):
        union = unions(config)[name]
        return united_config(config, name, union, {part: checked_config(config, part) for part in union.names})
    checked = check_config(config_of(config, name))
    return checked if declares_labels(config, name) else with_own_labels(name, checked)[0]
