"""What a start says of the differences that its study will be able to tell."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emotion_grid.base.integrity import read_record
from emotion_grid.base.layout import COMPARISON_RECORD, set_of
from emotion_grid.base.messages import InputError
from emotion_grid.evaluation.foresight import (
    FEWEST_FREEDOM,
    NOISE,
    POWER,
    USUAL,
    FoldNoise,
    Noise,
    Size,
    noise_from,
    seeds_to_test,
    smallest_difference,
)
from emotion_grid.plan.inputs import labelled_rows, raw_files
from emotion_grid.plan.plan import Plan
from emotion_grid.workflow.part import Part

MORE_SEEDS = 2
"""So many seeds more are said to tell a smaller difference."""


def foresight_text(parts: list[Part]) -> str:
    """The smallest difference that a study can tell, or why it can tell none; empty for a single setting.

    Of several data sets it says the range.

    Args:
        parts: those of the study, with their plans.

    Raises:
        InputError: `noise_from` names no study whose noise can be used.
    """
    outlooks = {part.experiment: _outlook(part) for part in parts}
    if len(parts) == 1:
        (found,) = outlooks.values()
        return found.text if isinstance(found, Outlook) else found
    values = {set_of(name): found.smallest for name, found in outlooks.items() if isinstance(found, Outlook)}
    untested = len(outlooks) - len(values)
    if not values:
        return f"On none of the {untested} data sets will differences be tested: dev is not labelled, or seeds are too few."
    least, most = (choose(values, key=lambda name: values[name]) for choose in (min, max))
    return (
        f"Smallest difference in macro-F1 that can be told on a single data set (power {POWER}): from about {values[least]:.3f} ({least}) to "
        f"{values[most]:.3f} ({most})."
        + (f" On {untested} of {len(outlooks)} none will be tested." if untested else "")
    )


@dataclass(frozen=True)
class Outlook:
    """What a study on one data set will be able to tell: the smallest difference with the seeds of most settings, and all of it in words."""

    smallest: float
    text: str


def _outlook(part: Part) -> Outlook | str:
    """What a part will be able to tell, or why it can tell nothing; an empty text for a single setting."""
    assert part.plan is not None
    config = part.config
    seeds, folds = _repetitions(part.plan)
    if len(seeds) < 2:
        return ""
    rows = _judged_rows(config, folds)
    if rows is None:
        return ""
    if not rows:
        return (
            "No differences will be tested: there is no labelled dev split, and the runs are chosen on validation. Set data.dev to a labelled "
            "file, or cross-validate with data.folds."
        )
    tested = seeds if folds else [count for count in seeds if count > 1]
    if len(tested) < 2 or (not folds and sum(tested) - len(tested) < FEWEST_FREEDOM):
        return (
            "Differences between settings will not be tested: their seeds are too few. "
            f"With {seeds_to_test(len(seeds))} seeds for each setting, every difference is tested."
        )
    noise, source = _noise(config, part.home, folds)
    comparisons = len(tested) - 1 + _other_rows(part.plan, folds)
    sizes = [Size(len(tested), count, rows, comparisons, folds) for count in sorted({min(tested), max(tested)})]
    once = len(seeds) - len(tested)
    untested = f" {once} of {len(seeds)} settings are run once and not tested." if once else ""
    confidence = config["evaluation"]["confidence"]
    text = f"{_smallest(noise, sizes, confidence)}{untested} {source}"
    return Outlook(smallest_difference(noise, sizes[-1], confidence), text)


def _repetitions(plan: Plan) -> tuple[list[int], int]:
    """How many seeds each setting has, in each fold where there are folds; and how many folds, 0 for a dev split."""
    runs = [(plan.setting_of(run), run.columns.get("fold")) for run in plan.runs.values()]
    folds = Counter(setting for setting, _ in set(runs))
    seeds = [round(count / folds[setting]) for setting, count in Counter(setting for setting, _ in runs).items()]
    every = len({fold for _, fold in runs})
    return seeds, every if every > 1 else 0


def _judged_rows(config: dict[str, Any], folds: int) -> int | None:
    """Rows on which settings are compared: those of a labelled dev split or of the folds that are held out, before any is dropped.

    None where planning cannot read the file.
    """
    data = config["data"]
    split = "train" if "folds" in data else "dev"
    rows = labelled_rows(config, split) if split in raw_files(config) else 0
    return rows * max(folds, 1) // data["folds"] if rows and "folds" in data else rows


def _other_rows(plan: Plan, folds: int) -> int:
    """Baselines and, without folds, other predictions that the best setting is compared with."""
    baselines = {row.columns["encoder"] for row in plan.rows.values()}
    return len(baselines) + (0 if folds else sum("dev" in splits for splits in plan.others.values()))


def _noise(config: dict[str, Any], home: Path, folds: int) -> tuple[Noise | FoldNoise, str]:
    """The noise to assume, and a sentence that says whose it is.

    Raises:
        InputError: `noise_from` names no study whose noise can be used.
    """
    named = config.get("noise_from")
    record = (Path(named).expanduser() if named else home) / COMPARISON_RECORD
    values = read_record(record)[0].get(NOISE)
    noise = noise_from(values) if values else None
    if noise and (folds or isinstance(noise, Noise)):
        return noise, f"The noise is that of {named or 'the present results of this experiment'}."
    if named:
        found = "one with folds, whose noise says nothing of single seeds" if noise else f"no noise in {record}"
        raise InputError(
            f"noise_from: expected the folder of results of a finished study in which differences were tested, found {found}; name another "
            "study, or leave the key out for usual noise"
        )
    return USUAL, "Usual noise is assumed; noise_from names a finished study to take it from (docs/report.md)."


def _smallest(noise: Noise | FoldNoise, sizes: list[Size], confidence: float) -> str:
    """The smallest differences that studies of these sizes can tell, which differ in their seeds; and what more seeds would tell."""
    last = sizes[-1]
    more = Size(last.settings, last.seeds + MORE_SEEDS, last.rows, last.comparisons, last.folds)
    found = [f"{smallest_difference(noise, size, confidence):.3f} with {_seeds(size)}" for size in sizes]
    place = f"held-out rows in {last.folds} folds" if last.folds else "rows of dev"
    after = (
        f"; {_seeds(more)} would tell {smallest_difference(noise, more, confidence):.3f}"
        if isinstance(noise, Noise)
        else ""
    )
    return (
        f"Smallest difference in macro-F1 that this study can tell (power {POWER}, {last.comparisons} comparison{'s' * (last.comparisons != 1)} with the best setting): about "
        f"{' and '.join(found)}, on {last.rows:,} {place}{after}."
    )


def _seeds(size: Size) -> str:
    return f"{size.seeds} seed{'s' * (size.seeds != 1)}"
