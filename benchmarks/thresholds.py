"""What kinds of thresholds are worth: macro-F1 on the held-out folds of a cross-validated study, by what tunes them.

Reads the prediction tables of a finished study with `data.folds`; trains nothing. Every kind of thresholds is tuned on the run's own
validation, on that of all seeds of its setting, or on the other folds' held-out predictions, and judged on the run's held-out fold. So it is
with a quarter of the texts that tune, with texts that tune whose labels are rarer (each label's positives are kept with probability 1 or
0.5), and with the logits of each label moved by -1, 0 or 1, as by a model that weights labels. Prints a Markdown table: the macro-F1 of
`global`, for the others the mean difference to it and its range over the settings; and spreads over the runs of a setting.
"""

import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from emotion_grid.base.cli import program_parser, run_program
from emotion_grid.base.files import read_json
from emotion_grid.base.layout import PLAN
from emotion_grid.base.messages import InputError, log
from emotion_grid.data.scores import macro_f1
from emotion_grid.evaluation.results import prediction_folders
from emotion_grid.evaluation.scoring import ReadOnce, groups, read_labelled, tables_of
from emotion_grid.evaluation.thresholds import POOLED, Labelled
from emotion_grid.evaluation.tuning import Member, tune_together

Way = tuple[str, str]
"""A kind of thresholds, and what tunes it."""

MODES = ("global", "bagged", "per_label", "shrunk")
PLAIN = ("global", "its validation")
SOURCES = ("its validation", "validation of all seeds", "other folds")


@dataclass(frozen=True)
class Condition:
    """How the predictions that tune differ from those that are judged.

    Attributes:
        draws: how often it is repeated.
        keeps: which texts tune, bool (texts,), from their gold labels (texts, labels).
        moves: by how much the logits of each label (labels,) are moved, wherever they stand.
    """

    name: str
    draws: int
    keeps: Callable[[np.ndarray, np.random.Generator], np.ndarray] = lambda gold, random: np.ones(len(gold), dtype=bool)
    moves: Callable[[int, np.random.Generator], np.ndarray] = lambda labels, random: np.zeros(labels)


def quarter(gold: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A quarter of the texts."""
    return random.random(len(gold)) < 0.25


def rarer(gold: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The texts that are left when the positives of each label are kept with probability 1 or 0.5."""
    kept = random.choice([0.5, 1.0], gold.shape[1])
    return random.random(len(gold)) < np.where(gold > 0.5, kept, 1.0).prod(1)


def conditions(draws: int) -> list[Condition]:
    """What is compared."""
    return [
        Condition("all texts", 1),
        Condition("a quarter of the texts", draws, keeps=quarter),
        Condition("rarer labels", draws, keeps=rarer),
        Condition("moved logits", draws, moves=lambda labels, random: random.integers(-1, 2, labels)),
    ]


def read_settings(home: Path) -> list[list[Member]]:
    """The predictions of each setting's runs and of each baseline, without one that predicts the same for every text."""
    plan = read_json(home / PLAN)
    if not plan["folds"]:
        raise InputError(f"{home}: expected a study with data.folds, found one without")
    folders, files = prediction_folders(plan, home), ReadOnce()
    settings = []
    for group in groups(plan["rows"], {**plan, "evaluation": {"threshold": POOLED[0]}}):
        tables = [tables_of(row, folders[row["run"]], home) for row in group]
        splits = [read_labelled(one, plan["labels"], home, files) for one in tables]
        pairs = zip(group, splits, strict=True)
        settings.append([Member(row["data"], own["validation"], own["dev"]) for row, own in pairs])
    return [members for members in settings if np.ptp(members[0].dev.probabilities, axis=0).any()]


def moved(labelled: Labelled, by: np.ndarray) -> Labelled:
    """The same predictions with the logits of each label moved."""
    odds = np.exp(by) * labelled.probabilities / np.maximum(1 - labelled.probabilities, 1e-9)
    return replace(labelled, probabilities=odds / (1 + odds))


def changed(members: list[Member], condition: Condition, random: np.random.Generator) -> tuple[list, list]:
    """The members whose texts tune, and those whose texts are judged."""
    by = condition.moves(members[0].dev.gold.shape[1], random)
    judged = [replace(one, validation=moved(one.validation, by), dev=moved(one.dev, by)) for one in members]
    ids, places = np.unique(np.concatenate([one.dev.ids for one in members]), return_index=True)
    gold = np.concatenate([one.dev.gold for one in members])[places]
    left_out = ids[~condition.keeps(gold, random)]
    tuning = [
        replace(one, validation=one.validation.without(left_out), dev=one.dev.without(left_out)) for one in judged
    ]
    return tuning, judged


def measure(members: list[Member], condition: Condition) -> dict[Way, list[tuple[float, np.ndarray]]]:
    """Of each kind of thresholds, for each draw and run, the macro-F1 on the held-out fold and the thresholds."""
    found = defaultdict(list)
    for draw in range(condition.draws):
        tuning, judged = changed(members, condition, np.random.default_rng(draw))
        for mode in MODES:
            of_seeds, of_folds = (tune_together(tuning, mode, folds) for folds in (False, True))
            for member, seeds, folds in zip(judged, of_seeds, of_folds, strict=True):
                tuned = (seeds["validation"], seeds["dev"], folds["dev"])
                for source, thresholds in zip(SOURCES, tuned, strict=True):
                    score = macro_f1(member.dev.gold, member.dev.probabilities >= thresholds)
                    found[mode, source].append((score, thresholds))
    return found


def summary(settings: list[list[Member]], condition: Condition) -> tuple[dict[Way, str], dict[Way, str]]:
    """Cells of each kind of thresholds: macro-F1 or its difference to the plain kind with its range over settings; and spreads."""
    scores, spreads = {}, {}
    found = [measure(members, condition) for members in settings]
    for way in found[0]:
        scores[way] = np.array([np.mean([score for score, _ in one[way]]) for one in found])
        of_scores = np.mean([np.std([score for score, _ in one[way]], ddof=1) for one in found])
        of_thresholds = np.mean([np.std([values for _, values in one[way]], axis=0, ddof=1) for one in found])
        spreads[way] = f"{of_scores:.4f} / {of_thresholds:.3f}"
    cells = {PLAIN: f"{scores[PLAIN].mean():.4f}"}
    for way, means in scores.items():
        better = means - scores[PLAIN]
        cells.setdefault(way, f"{better.mean():+.4f} ({better.min():+.4f} to {better.max():+.4f})")
    return cells, spreads


def table(settings: list[list[Member]], compared: list[Condition]) -> str:
    """The Markdown table: a row for each kind of thresholds."""
    columns = []
    for condition in compared:
        log(condition.name)
        columns.append(summary(settings, condition))
    names = [one.name for one in compared]
    head = ["thresholds", "tuned on", *names, *(f"sd of scores / thresholds, {name}" for name in names[:2])]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for way in columns[0][0]:
        cells = [*way, *(scores[way] for scores, _ in columns), *(spreads[way] for _, spreads in columns[:2])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = program_parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="folder of a study's results, with data.folds")
    parser.add_argument("--draws", type=int, default=10, help="repetitions of what is drawn at random (10)")
    arguments = parser.parse_args()
    settings = read_settings(arguments.results)
    log(f"{len(settings)} settings and baselines, {sum(map(len, settings))} runs")
    print(table(settings, conditions(arguments.draws)))


if __name__ == "__main__":
    sys.exit(run_program(main))
