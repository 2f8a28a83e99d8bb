"""What a start says on the screen besides Snakemake's own lines."""

from pathlib import Path
from typing import Any

from emotion_grid.base.files import read_json
from emotion_grid.base.numbers import duration
from emotion_grid.data.problems import listed
from emotion_grid.data.splits import MODEL_FILES, PROVENANCE, missing_files
from emotion_grid.jobs.disk import disk_space, disk_text, total
from emotion_grid.plan.inputs import RAW_SPLITS, hub_splits, raw_bytes, raw_files, raw_rows
from emotion_grid.workflow.part import Part
from emotion_grid.workflow.state import State


def renewals_text(state: State) -> str:
    """How many finished runs predict new texts of dev or test, and how many are trained again for it; empty if none do."""
    renewed = [state.home / row.folder for row in state.rows if state.renewed(row)]
    if not renewed:
        return ""
    lost = [folder for folder in renewed if missing_files(folder, MODEL_FILES)]
    seconds = sum(read_json(folder / PROVENANCE)["total_seconds"] for folder in lost)
    again = (
        f"{len(lost)} of them {'was' if len(lost) == 1 else 'were'} not kept and must be trained again first, "
        f"about {duration(seconds)} by the last training"
        if lost
        else "all of them were kept, nothing is trained"
    )
    return (
        f"The texts of dev or test have changed since {len(renewed)} finished runs predicted them. These runs predict them again "
        f"with their models: {again}."
    )


def labels_text(without: dict[str, list[str]]) -> str:
    """Which data sets are not annotated for some of the labels.

    Args:
        without: the labels that each of these sets goes without.
    """
    return "Labels without a column: " + "; ".join(f"{name}: {listed(labels)}" for name, labels in without.items())


def space_text(parts: list[Part], workflow: Any, cache: Path, home: Path) -> str:
    """How much disk space a study takes.

    Args:
        parts: those of the study, with their plans.
        workflow: Snakemake's workflow, which knows how many runs train at the same time.
        cache: the folder of what experiments share.
        home: the experiment's folder of results.
    """
    plans = {part.experiment: part.plan for part in parts if part.plan}
    specs = [row.spec for plan in plans.values() for row in plan.runs.values()]
    bounds = workflow.resource_settings
    threads = min(spec["training"]["threads"] for spec in specs)
    # A dry run does not say whether runs would be jobs; on a cluster, the profile bounds their number.
    at_once = min(bounds.nodes or max((bounds.cores or 1) // threads, 1), len(specs))
    encoders = {key: source.spec for plan in plans.values() for key, source in plan.encoders.items()}
    spaces = [
        disk_space(
            [row.spec for row in plan.runs.values()],
            [encoders.pop(key) for key in list(plan.encoders) if key in encoders],
            plan.cached,
            (raw_bytes(part.config, *RAW_SPLITS), raw_rows(part.config)),
            part.config,
            at_once,
        )
        for part in parts
        if (plan := plans.get(part.experiment))
    ]
    text, waiting = disk_text(total(spaces), at_once, cache, home), _not_fetched(parts)
    return text + (f"\n  Not counted, since they are still to be fetched: {', '.join(waiting)}" if waiting else "")


def _not_fetched(parts: list[Part]) -> list[str]:
    """Splits on the hub that are not in the cache yet, so that their size is not known."""
    configs = [part.config for part in parts]
    return [
        str(source)
        for config in configs
        for split, source in hub_splits(config).items()
        if not raw_files(config)[split].exists()
    ]
