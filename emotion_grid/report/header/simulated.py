"""How often verdicts were right on simulated studies like the one at hand; docs/report.md shows the whole table."""

import math
from pathlib import Path

import pandas as pd

from emotion_grid.evaluation.settings import setting_columns
from emotion_grid.report.reading import Study

VERDICTS = Path(__file__).parents[1] / "verdicts.csv"
"""What `scripts.check_verdicts` found."""

EQUAL, UNEQUAL = "", "unequal noise, 1 to 3"
"""The noise of settings in the simulated studies, in the words of the table."""


def read_verdicts() -> pd.DataFrame:
    """The table of simulated studies."""
    return pd.read_csv(VERDICTS, keep_default_na=False, na_values={"covered": [""]})


def simulated(study: Study) -> dict | None:
    """The simulated study that is most like this one: `study`, `false_claims`, `covered`, and `unequal`, its false claims with unequal noise.

    None where nothing was tested.
    """
    if study.comparison["p"].isna().all():
        return None
    runs = study.results.runs
    seeds = runs.groupby([*setting_columns(study.results.plan), "fold"], dropna=False).size()
    settings = int((study.results.settings["kind"] == "run").sum())
    rows = sum(check["prepared"]["dev"]["rows"] for check in study.checks.values())
    return most_like(read_verdicts(), settings, float(seeds.median()), study.folds or 0, rows)


def most_like(table: pd.DataFrame, settings: int, seeds: float, folds: int, rows: int) -> dict | None:
    """The row of the table that is most like a study, by the ratios of its numbers; with folds or without, as the study.

    Args:
        table: of `read_verdicts`.
        seeds: of each setting, in each fold where there are folds.
        folds: 0 without folds.
        rows: texts on which settings are compared, all folds together.
    """
    alike = table[(table["words"] == EQUAL) & ((table["folds"] > 0) == (folds > 0)) & table["covered"].notna()]
    sought = {"settings": settings, "seeds": seeds, "folds": folds, "rows": rows}
    ratios = pd.DataFrame({name: (alike[name] / value).map(math.log).abs() for name, value in sought.items() if value})
    best = alike.loc[ratios.sum(axis=1).idxmin()]
    numbers = list(sought)
    noisy = table[(table["words"] == UNEQUAL) & (table[numbers] == best[numbers]).all(axis=1)]
    unequal = float(noisy["false_claims"].iloc[0]) if len(noisy) else None
    return {**best[["study", "false_claims", "covered"]], "unequal": unequal}
