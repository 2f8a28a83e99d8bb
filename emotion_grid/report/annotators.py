"""The tables about annotators, as the report reads them."""

from dataclasses import dataclass

import pandas as pd

from emotion_grid.base.integrity import expect_whole
from emotion_grid.base.layout import (
    AGREEMENT_TABLE,
    ANNOTATED_TABLE,
    ANNOTATORS_RECORD,
    ANNOTATORS_TABLE,
    DISAGREEMENTS_TABLE,
)
from emotion_grid.data.tables import read_table
from emotion_grid.evaluation.annotators import EVERYONE
from emotion_grid.evaluation.results import Results, finite_or_none, read_numbers

TOO_FEW = "too few positives for an interval"


@dataclass(frozen=True)
class Annotators:
    """The tables about annotators; numbers or NaN, and texts.

    Attributes:
        agreement: of each label alpha, and of each pair of annotators what they agree in.
        scores: annotators and rows against the majority of the other annotators.
        disagreements: where the best run and most annotators say different things.
        texts: which text of the study each annotated text is.
    """

    agreement: pd.DataFrame
    scores: pd.DataFrame
    disagreements: pd.DataFrame
    texts: pd.DataFrame

    def on(self, texts: str) -> pd.DataFrame:
        """The scores on some texts.

        Args:
            texts: a split, or all that the annotators saw.
        """
        return self.scores[self.scores["texts"] == texts]


def read_annotators(results: Results) -> Annotators | None:
    """The tables about annotators of an experiment; None where it names none, or has not compared them yet.

    Raises:
        InputError: a table that is not as it was written.
    """
    home, record = results.home, results.home / ANNOTATORS_RECORD
    if not results.plan.get("annotators") or not record.is_file():
        return None
    expect_whole({record: None})
    return Annotators(
        read_numbers(home / AGREEMENT_TABLE, {"metric", "label", "first", "second"}),
        read_numbers(home / ANNOTATORS_TABLE, {"texts", "kind", "name"}),
        read_numbers(home / DISAGREEMENTS_TABLE, {"id", "label", "gold"}),
        read_table(home / ANNOTATED_TABLE),
    )


def score_cell(row: pd.Series) -> dict:
    """Macro-F1 of a row of the scores with its interval; `caution` says why there is none."""
    low, high = finite_or_none(row["low"]), finite_or_none(row["high"])
    return {
        "value": finite_or_none(row["macro_f1"]),
        "low": low,
        "high": high,
        "caution": TOO_FEW if low is None else "",
    }


def beside_best(annotators: Annotators | None, results: Results) -> dict | None:
    """One annotator against the others, and the best run's setting against the same, on the texts that both labelled; None without such texts."""
    if annotators is None:
        return None
    table = annotators.on(results.judge)
    people = table[table["kind"] == EVERYONE]
    own = table[(table["kind"] == "run") & (table["name"] == results.label(results.best, repetitions=False))]
    if people.empty or own.empty:
        return None
    best = own.iloc[0]
    return {
        "texts": int(best["rows"]),
        "people": score_cell(people.iloc[0]),
        "best": score_cell(best),
        "runs": int(best["runs"]),
        "difference": float(best["difference"]),
        **{end: finite_or_none(best[f"difference_{end}"]) for end in ("low", "high")},
    }
