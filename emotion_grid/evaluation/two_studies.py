"""Two studies side by side: what differs in their configs, the runs that both have, and the settings that both ran.

A setting of one study is matched with those of the other that are equal in all axes. An axis of which the studies have no value in common,
such as another encoder in each, cannot be held the same: then it is part of what is compared. Differences are tested as within a study
(`contrasts.py`): on the same texts, or fold by fold, with the runs of each setting as its repetitions.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from emotion_grid.base.digests import digest
from emotion_grid.base.files import read_json
from emotion_grid.base.layout import SPEC, data_folder
from emotion_grid.data.tables import read_split
from emotion_grid.evaluation.comparison import score_resamples
from emotion_grid.evaluation.contrasts import Scored, contrast, group_numbers, judge_family
from emotion_grid.evaluation.results import Results, folder_of, varying_axes
from emotion_grid.evaluation.settings import setting_columns

STUDY, MATCH = "study", "match"
"""Columns of rows: of which study they are, 0 or 1, and a number that matched settings have in common."""

SAME_RUNS = "the same runs"
"""What is said of a setting that has the very same runs in both studies."""

ALL = "all matched settings"
"""What is said of the settings that both studies ran, taken together."""


@dataclass(frozen=True)
class TwoStudies:
    """Two studies whose settings are matched.

    Attributes:
        studies: the results of both; their summaries have all of `columns`, and besides `study` and `match`.
        columns: the columns that tell settings apart in either of them.
        free: those of which the studies have no value in common.
        judge: the split on which they are compared.
        obstacle: why no difference is tested; empty if differences are.
    """

    studies: tuple[Results, Results]
    columns: list[str]
    free: list[str]
    judge: str
    obstacle: str

    @property
    def score(self) -> str:
        """The column of the judge's macro-F1."""
        return f"{self.judge}_macro_f1"

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The rows of both summaries."""
        return pd.concat([one.summary for one in self.studies], ignore_index=True)

    @cached_property
    def _named(self) -> Results:
        """What names settings by the axes that vary among those that are held the same."""
        first, runs = self.studies[0], self.rows[self.rows["kind"] == "run"]
        held = [name for name in self.columns if name not in self.free]
        plan = {**first.plan, "columns": [*held, *first.plan["repetitions"]]}
        return dataclasses.replace(first, axes=varying_axes(runs, plan))

    def label(self, row: pd.Series) -> str:
        """A matched setting in words."""
        is_only = row["kind"] == "run" and not self._named.axes and "encoder" in self.free
        return "all runs" if is_only else self._named.label(row, repetitions=False)


def match_studies(first: Results, second: Results) -> TwoStudies:
    """Two studies whose settings are matched, and why their differences cannot be tested, if so."""
    columns = list(dict.fromkeys([*setting_columns(first.plan), *setting_columns(second.plan)]))
    studies = [_with_columns(one, columns) for one in (first, second)]
    free = [name for name in columns if not set(studies[0].runs[name]) & set(studies[1].runs[name])]
    rows = pd.concat([one.summary.assign(**{STUDY: place}) for place, one in enumerate(studies)], ignore_index=True)
    rows[MATCH] = _matches(rows, [name for name in columns if name not in free])
    one, other = (
        dataclasses.replace(study, summary=rows[rows[STUDY] == place].reset_index(drop=True))
        for place, study in enumerate(studies)
    )
    judge = first.judge if first.judge == second.judge else "validation"
    return TwoStudies((one, other), columns, free, judge, _obstacle(first, second))


def _matches(rows: pd.DataFrame, held: list[str]) -> np.ndarray:
    """A number for each row, (rows,): runs are matched by the columns that are held the same, other rows by their name."""
    is_run = rows["kind"] == "run"
    cells = {name: rows[name].where(is_run, "") for name in held}
    whole = pd.DataFrame({**cells, " kind": rows["kind"], " name": rows["encoder"].mask(is_run, "")})
    return group_numbers(whole, list(whole))


def _with_columns(results: Results, columns: list[str]) -> Results:
    """A study whose rows have all the columns: a training value that its own config holds the same for all runs comes from their specs."""
    missing = [name for name in columns if name not in results.summary]
    cells: dict[str, list[str]] = {name: [] for name in missing}
    for run, kind in zip(results.summary["run"], results.summary["kind"], strict=True):
        path = folder_of(results, run) / SPEC if missing and kind == "run" else None
        training = read_json(path)["training"] if path else {}
        for name in missing:
            cells[name].append(_cell(training.get(name)))
    return dataclasses.replace(results, summary=results.summary.assign(**cells))


def _cell(value: Any) -> str:
    """A value as it stands in summary.csv."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _obstacle(first: Results, second: Results) -> str:
    """Why the scores of two studies cannot be paired, text by text; empty if they can."""
    if "validation" in (first.judge, second.judge):
        return "a study has no labelled dev split, and validation selected the runs"
    if first.plan["labels"] != second.plan["labels"]:
        return "the studies have other labels"
    if first.plan["folds"] != second.plan["folds"]:
        return "the studies have other folds"
    gold, other = _gold_by_fold(first), _gold_by_fold(second)
    if gold != other or any(len(found) > 1 for found in gold.values()):
        return "the studies are judged on other texts or by other gold labels"
    return ""


def _gold_by_fold(results: Results) -> dict[str, set[str]]:
    """Digests of the texts and gold labels of dev, by the fold that holds them out; of runs of several data, more than one."""
    found: dict[str, set[str]] = {}
    for key, fold in {(row["data"], str(row["columns"].get("fold"))) for row in results.plan["rows"]}:
        table = read_split(data_folder(results.home, key) / "dev.csv")
        content = [list(table["id"]), list(table["text"]), table[results.plan["labels"]].fillna(-1).to_numpy().tolist()]
        found.setdefault(fold, set()).add(digest(content))
    return found


def changes(first: dict, second: dict) -> list[tuple[str, str, str]]:
    """What differs in two configs: each key with its path, such as `grid[0].freeze`, and both values; empty where there is none."""
    values = [dict(_flat(config)) for config in (first, second)]
    paths = dict.fromkeys(path for one in values for path in one)
    rows = [(path, values[0].get(path, ""), values[1].get(path, "")) for path in paths]
    return [row for row in rows if row[1] != row[2]]


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The single values of a config by their paths; a list without mappings is one value."""
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from _flat(entry, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        for place, entry in enumerate(value):
            yield from _flat(entry, f"{path}[{place}]")
    else:
        yield path, ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def shared_runs(two: TwoStudies) -> pd.DataFrame:
    """The runs that both studies have, by their names, with the score of each in both: `run`, `first`, `second`."""
    one, other = (study.runs.set_index("run")[two.score] for study in two.studies)
    return pd.concat([one.rename("first"), other.rename("second")], axis=1, join="inner").reset_index(names="run")


def unmatched(two: TwoStudies) -> tuple[list[str], list[str]]:
    """The settings that only the first study ran, and those that only the second ran, in words."""
    found: list[list[str]] = [[], []]
    for _, rows in two.rows.groupby(MATCH, sort=False):
        if rows[STUDY].nunique() == 1:
            found[rows[STUDY].iloc[0]].append(two.label(rows.iloc[0]))
    return found[0], found[1]


def matched_settings(two: TwoStudies) -> pd.DataFrame:
    """The settings that both studies ran, each with its scores in both and what can be said of the difference, second minus first.

    The last row is for all of them together: the mean over the settings of runs that are not the same in both.

    Returns:
        `kind`, `setting`, `first_runs`, `first_mean`, `first_sd`, `second_runs`, `second_mean`, `second_sd`, `difference`, `verdict` and,
        of those that were tested, what `contrasts.verdicts` says besides.
    """
    table = {
        match: _means(two, rows) for match, rows in two.rows.groupby(MATCH, sort=False) if rows[STUDY].nunique() > 1
    }
    judged = _judged(two, [match for match, row in table.items() if not row["verdict"]])
    rows = [{**row, **judged.get(match, {})} for match, row in table.items()]
    return pd.DataFrame([*rows, *([{"kind": "", "setting": ALL, **judged[None]}] if None in judged else [])])


def _means(two: TwoStudies, rows: pd.DataFrame) -> dict[str, Any]:
    """The scores of a matched setting in both studies."""
    found: dict[str, Any] = {"kind": rows["kind"].iloc[0], "setting": two.label(rows.iloc[0])}
    parts = [rows[rows[STUDY] == place] for place in (0, 1)]
    for name, part in zip(("first", "second"), parts, strict=True):
        scores = part[two.score]
        found |= {f"{name}_runs": len(part), f"{name}_mean": scores.mean(), f"{name}_sd": scores.std()}
    is_same = set(parts[0]["run"]) == set(parts[1]["run"])
    difference = found["second_mean"] - found["first_mean"]
    return {**found, "difference": difference, "verdict": SAME_RUNS if is_same else ""}


def _judged(two: TwoStudies, matches: list[int]) -> dict[int | None, dict]:
    """What can be said of the difference of each matched setting and, under None, of all settings of runs together."""
    if two.obstacle or not matches:
        return {}
    scored, confidence = _scored(two), two.studies[0].plan["evaluation"]["confidence"]
    place, own = (scored.rows[name].to_numpy() for name in (STUDY, MATCH))
    made = {
        match: contrast(scored.rows, (own == match) & (place == 1), (own == match) & (place == 0)) for match in matches
    }
    found = {match: weights for match, weights in made.items() if weights is not None}
    judged: dict[int | None, dict] = dict(
        zip(found, judge_family(scored, list(found.values()), confidence), strict=True)
    )
    kinds = dict(zip(own, scored.rows["kind"], strict=True))
    if runs := [weights for match, weights in found.items() if kinds[match] == "run"]:
        (judged[None],) = judge_family(scored, [np.mean(runs, axis=0)], confidence)
    return judged


def _scored(two: TwoStudies) -> Scored:
    """The rows of both studies that have the judge's split, scored on the same resamples of the same texts."""
    count = min(one.plan["evaluation"]["bootstrap"] for one in two.studies)
    parts = []
    for one in two.studies:
        plan = {**one.plan, "evaluation": {**one.plan["evaluation"], "bootstrap": count}}
        parts.append(score_resamples(dataclasses.replace(one, plan=plan)))
    rows = pd.concat([part.rows for part in parts], ignore_index=True)
    rows["setting"] = group_numbers(rows, [STUDY, "kind", *two.columns])
    return Scored(rows, np.concatenate([part.scores for part in parts]), parts[0].texts)
