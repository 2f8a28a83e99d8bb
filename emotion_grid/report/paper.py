"""Tables and figures of an experiment for a paper."""

import pandas as pd

from emotion_grid.evaluation.comparison import SAME
from emotion_grid.evaluation.mistakes import mistakes, read_predicted
from emotion_grid.evaluation.results import Results, finite_or_none, words_of
from emotion_grid.report.sections.effects import effects_section
from emotion_grid.report.sections.errors import errors_section
from emotion_grid.report.sections.labels import labels_section
from emotion_grid.report.sections.settings import settings_section
from emotion_grid.report.verdicts import EMPTY, told_apart

LONGEST = 120
"""Characters of a text in a table of mistakes."""


def settings_table(results: Results, comparison: pd.DataFrame) -> pd.DataFrame:
    """A row a setting, best by validation first: its axes, runs, and mean and standard deviation of the judge's macro-F1."""
    verdicts, best, rows = told_apart(comparison), results.setting_of(results.best).name, []
    columns = results.axis_columns
    table = results.settings.sort_values("validation_macro_f1_mean", ascending=False, kind="stable")
    for place, row in table.iterrows():
        label = results.label(row, repetitions=False)
        mark = " ★" if place == best else " ≈" if verdicts.get(label) == SAME else ""
        mean, spread = finite_or_none(row[f"{results.score}_mean"]), finite_or_none(row[f"{results.score}_sd"])
        cells = {words_of(name): row[name] or "–" for name in columns}
        if row["kind"] != "run":
            cells = {**dict.fromkeys(cells, ""), next(iter(cells)): label}
        score = "" if mean is None else f"{mean:.3f}" + ("" if spread is None else f" ± {spread:.3f}")
        rows.append({**cells, "runs": int(row["runs"]), results.score_name: score + mark})
    return pd.DataFrame(rows)


def effects_table(comparison: pd.DataFrame) -> pd.DataFrame:
    """A row for every two levels of an axis that settings alike in all else can tell of."""
    table = comparison[(comparison["family"] == "axis") & (comparison["verdict"] != "")]
    return pd.DataFrame(
        {
            "axis": [
                words_of(axis) + (f" (with {words_of(others)})" if others else "")
                for axis, others in zip(table["axis"], table["not_held_same"], strict=True)
            ],
            "first": table["first"].replace("", EMPTY),
            "second": table["second"].replace("", EMPTY),
            "pairs": table["pairs"].map("{:.0f}".format),
            "first − second": [
                f"{difference:+.3f} ({low:+.3f} to {high:+.3f})" + (" ≈" if verdict == SAME else "")
                for difference, low, high, verdict in zip(
                    *(table[name] for name in ("difference", "low", "high", "verdict")), strict=True
                )
            ],
            "p": ["< 0.001" if p < 0.001 else f"{p:.3f}" for p in table["p_corrected"]],
        }
    )


def labels_table(results: Results) -> pd.DataFrame:
    """A row a label of the best run: its scores with their intervals."""
    found = labels_section(results)
    rows = []
    for row in found["rows"]:
        cells = {
            name: "" if cell is None else f"{cell['value']:.3f}"
            for name, cell in zip(found["columns"], row["cells"], strict=True)
        }
        rows.append({"label": row["label"], **cells, "threshold": row["threshold"]})
    return pd.DataFrame(rows)


def mistakes_table(results: Results) -> pd.DataFrame:
    """The most confident mistakes of the best run with their texts."""
    found = read_predicted(results, results.best["run"])
    rows = [
        {
            "mistake": name,
            "label": row["label"],
            "probability": f"{row['probability']:.3f}",
            "text": row["text"][:LONGEST] + ("…" if len(row["text"]) > LONGEST else ""),
        }
        for name, kind in (("missed", "missed"), ("wrongly given", "wrong"))
        for row in mistakes(found, kind)
    ]
    return pd.DataFrame(rows, columns=["mistake", "label", "probability", "text"])


def tables(results: Results, comparison: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, str]]:
    """Each table with its caption, by name."""
    judge = results.split_name(results.judge)
    chosen = " These scores chose the runs and are too good." if results.judge == "validation" else ""
    return {
        "settings": (
            settings_table(results, comparison),
            f"All settings, best by validation first: {results.score_name}, mean ± standard deviation over runs; ★: the best run's "
            f"setting, ≈: cannot be told apart from it.{chosen}",
        ),
        "effects": (
            effects_table(comparison),
            f"Differences of macro-F1 on {judge} between levels of an axis, over settings alike in all else (“with”: but for this axis); "
            "intervals are of one comparison, p is corrected by Holm's method; ≈: cannot be told apart.",
        ),
        "labels": (labels_table(results), f"The best run's scores on {judge}, label by label.{chosen}"),
        "mistakes": (mistakes_table(results), f"The best run's most confident mistakes on {judge}."),
    }


def figures(results: Results, comparison: pd.DataFrame) -> dict:
    """Each figure by name."""
    errors = errors_section(results)
    found = {"settings": settings_section(results, comparison)["wide"]}
    found |= {f"effect-{one['name']}": one["figure"] for one in effects_section(results, comparison)}
    found |= {f"labels-{one['name']}": one["figure"] for one in labels_section(results)["figures"]}
    found |= {name: errors[name] for name in ("confusion", "calibration", "thresholds")}
    found |= {f"together-{kind}": figure for kind, figure in errors["together"].items()}
    return found | {group["name"]: group["figure"] for group in errors["groups"]}
