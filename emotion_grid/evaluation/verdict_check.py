"""How often verdicts on simulated studies are right: false claims, findings and coverage of intervals, scenario by scenario."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

from emotion_grid.evaluation.contrasts import HIGHER, LOWER, contrasts_with, errors_of, judge_family, verdicts
from emotion_grid.evaluation.simulation import RARE_LABELS, Design, simulate

CONFIDENCE = 0.95

DIFFERENCES = (0.01, 0.02, 0.05)
"""True differences of the first setting from all others."""

UNEQUAL, VERY_UNEQUAL, ONE_NOISY = (0.004, 0.012), (0.004, 0.02), (0.004, 0.004, 0.004, 0.02)


@dataclass(frozen=True)
class Scenario:
    """A design and whether its assumptions are those that the documentation claims."""

    words: str
    design: Design
    claimed: bool = True

    @property
    def name(self) -> str:
        """What the study is like, in words."""
        folds = f"{self.design.folds} folds, " if self.design.folds else ""
        seeds = f"{self.design.seeds} seed{'s' * (self.design.seeds != 1)}"
        return f"{self.design.settings} settings, {folds}{seeds}, {self.design.rows:,} rows{self.words and ': '}{self.words}"


@dataclass(frozen=True)
class Outcome:
    """What happened in the studies of a scenario.

    Attributes:
        studies: how many there were.
        false: share of the studies with a false claim, where all settings are truly equal.
        covered: share of the intervals that hold the true difference; NaN where no difference has an interval.
        found: share of the true differences that are found, for each of `DIFFERENCES`.
    """

    studies: int
    false: float
    covered: float
    found: tuple[float, ...]


def scenarios() -> list[Scenario]:
    """The studies that are simulated, one seed first, folds last."""
    return [
        *(Scenario("", Design(settings, 1, rows=rows)) for settings in (4, 16) for rows in (115, 2764)),
        *(Scenario("", Design(settings, 2)) for settings in (2, 4, 16)),
        *(Scenario("", Design(settings, 3, rows=rows)) for settings in (2, 4, 16) for rows in (115, 2764)),
        *(Scenario("", Design(settings, 5)) for settings in (2, 4)),
        *(Scenario("unequal noise, 1 to 3", Design(settings, 2, noise=UNEQUAL)) for settings in (4, 16)),
        *(Scenario("unequal noise, 1 to 3", Design(settings, 3, noise=UNEQUAL)) for settings in (2, 4, 16)),
        Scenario("unequal noise, 1 to 3", Design(4, 3, rows=115, noise=UNEQUAL)),
        Scenario("unequal noise, 1 to 3", Design(4, 5, noise=UNEQUAL)),
        Scenario("unequal noise, 1 to 5", Design(4, 3, noise=VERY_UNEQUAL), claimed=False),
        Scenario("unequal noise, 1 to 5", Design(16, 3, noise=VERY_UNEQUAL), claimed=False),
        Scenario("one setting 5 times as noisy", Design(4, 3, noise=ONE_NOISY), claimed=False),
        Scenario("one setting 5 times as noisy", Design(4, 2, noise=ONE_NOISY), claimed=False),
        Scenario("every second setting has 2 seeds", Design(4, 5, missing=3)),
        Scenario("every second setting has 2 seeds, unequal noise", Design(4, 5, noise=UNEQUAL[::-1], missing=3)),
        *(Scenario("rare labels", Design(4, 3, rows=rows, labels=RARE_LABELS)) for rows in (115, 2764)),
        Scenario("luck of training rows", Design(4, 3, training_luck=0.01), claimed=False),
        *(Scenario("", Design(settings, 1, folds=5)) for settings in (2, 4, 16)),
        Scenario("", Design(4, 1, folds=5, rows=115)),
        Scenario("", Design(4, 3, folds=5)),
        Scenario("", Design(4, 1, folds=3)),
        *(Scenario("luck of folds", Design(4, seeds, folds=5, fold_luck=0.01)) for seeds in (1, 3)),
        Scenario("luck of folds", Design(16, 3, folds=5, fold_luck=0.01)),
        *(Scenario("unequal noise, 1 to 3", Design(settings, 1, folds=5, noise=UNEQUAL)) for settings in (4, 16)),
        Scenario("every second setting has 1 seed", Design(4, 3, folds=5, missing=2)),
        *(Scenario("some luck of training rows", Design(4, seeds, folds=5, training_luck=0.005)) for seeds in (1, 3)),
        *(
            Scenario("luck of training rows", Design(4, seeds, folds=5, training_luck=0.01), claimed=False)
            for seeds in (1, 3)
        ),
    ]


def check(scenario: Scenario, studies: int, bootstrap: int, seed: int) -> Outcome:
    """Simulate studies of a scenario and judge them."""
    families: dict[int, np.ndarray] = {}
    false, covered, found = [], [], []
    for study in simulate(scenario.design, studies, bootstrap, seed):
        for setting in {0, study.selected} - set(
            families
        ):  # the runs of all studies are the same, so are their contrasts
            families[setting] = np.array(list(contrasts_with(study.scored.rows, setting).values()))
        claims = judge_family(study.scored, list(families[study.selected]), CONFIDENCE)
        false.append(any(row["verdict"] in (HIGHER, LOWER) for row in claims))
        differences, errors = families[0] @ study.scored.scores[:, 0], errors_of(study.scored, families[0])
        intervals = [row for row in verdicts(differences, errors, CONFIDENCE) if np.isfinite(row["low"])]
        covered += [row["low"] <= 0 <= row["high"] for row in intervals]
        found.append([_share_found(verdicts(differences + size, errors, CONFIDENCE)) for size in DIFFERENCES])
    shares = tuple(float(share) for share in np.mean(found, axis=0))
    return Outcome(studies, float(np.mean(false)), float(np.mean(covered)) if covered else np.nan, shares)


def _share_found(rows: list[dict]) -> float:
    return float(np.mean([row["verdict"] == HIGHER for row in rows]))


def share_found(design: Design, difference: float, studies: int, seed: int) -> float:
    """How often the first setting is found to differ from another by a true difference, at the level of the family's smallest p value."""
    found = []
    for study in simulate(design, studies, 50, seed):
        weights = np.array(list(contrasts_with(study.scored.rows, 0).values()))
        differences = weights @ study.scored.scores[:, 0] + difference
        p = np.array([row["p"] for row in verdicts(differences, errors_of(study.scored, weights), CONFIDENCE)])
        found.append(np.mean(p * len(p) <= 1 - CONFIDENCE))
    return float(np.mean(found))


def check_all(chosen: list[Scenario], studies: int, bootstrap: int, processes: int) -> list[Outcome]:
    """The outcome of every scenario; large designs get fewer studies, since each takes longer."""
    counts = [_affordable(scenario.design, studies) for scenario in chosen]
    calls = (chosen, counts, [bootstrap] * len(chosen), range(len(chosen)))
    with ProcessPoolExecutor(processes) as pool:
        return list(tqdm(pool.map(check, *calls), total=len(chosen), unit="scenario", disable=None))


def _affordable(design: Design, studies: int) -> int:
    """Studies of this design that cost about as much as `studies` of four settings with three seeds."""
    share = 4 * 3 * 2764 / (design.settings * design.seeds * design.rows)
    return max(studies // 4, int(studies * min(1, share)))


def verdict_table(chosen: list[Scenario], outcomes: list[Outcome]) -> pd.DataFrame:
    """A row for each scenario: its name, its design in numbers, whether it is claimed, and the outcome."""
    return pd.DataFrame(
        {
            "study": scenario.name,
            **{name: getattr(scenario.design, name) for name in ("settings", "seeds", "folds", "rows")},
            "words": scenario.words,
            "claimed": scenario.claimed,
            "studies": outcome.studies,
            "false_claims": outcome.false,
            "covered": outcome.covered,
            **{f"finds_{size}": share for size, share in zip(DIFFERENCES, outcome.found, strict=True)},
        }
        for scenario, outcome in zip(chosen, outcomes, strict=True)
    )


def markdown(table: pd.DataFrame) -> str:
    """The table in Markdown as docs/report.md shows it; false claims and intervals with their Monte Carlo standard error."""
    titles = ["study", "false claims", "interval holds", *(f"finds {size}" for size in DIFFERENCES)]
    lines = [titles, ["---", *(["---:"] * (len(titles) - 1))]]
    for row in table.to_dict("records"):
        name = row["study"] + ("" if row["claimed"] else " (not claimed)")
        shares = [_with_error(row[share], row["studies"]) for share in ("false_claims", "covered")]
        lines.append([name, *shares, *(f"{row[f'finds_{size}']:.3f}" for size in DIFFERENCES)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _with_error(share: float, studies: int) -> str:
    if not np.isfinite(share):
        return "none"
    return f"{share:.3f} ± {np.sqrt(share * (1 - share) / studies):.3f}"
