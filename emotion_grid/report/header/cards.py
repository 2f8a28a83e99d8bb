"""The study in a few numbers."""

from emotion_grid.base.numbers import duration, span
from emotion_grid.data.splits import SPLITS
from emotion_grid.report.reading import Study


def cards(study: Study) -> list[dict]:
    """Cards with the numbers of runs, labels and rows, and the training time."""
    results, checks = study.results, study.checks
    runs, others = results.runs, results.summary[results.summary["kind"] != "run"]
    settings = int((results.settings["kind"] == "run").sum())
    labels = results.plan["labels"]
    cards = [
        _card(
            f"{len(runs):,}",
            "run",
            len(runs),
            f"of {settings:,} settings; {len(others)} baselines, ensembles and other predictions",
        ),
        _card(f"{len(labels)}", "label", len(labels), ", ".join(labels)),
    ]
    if checks:
        counts = {results.split_name(split): _row_counts(checks, split) for split in SPLITS}
        note = ", ".join(f"{count} {name}" for name, count in counts.items() if count != "0")
        cards.append(_card(_row_counts(checks, "train"), "training row", 2, note))
    return [*cards, _card(duration(runs["train_seconds"].sum()), "of training", 1, "sum over all runs")]


def _card(value: str, title: str, count: int, note: str) -> dict:
    return {"value": value, "title": title + "s" * (count != 1), "note": note}


def _row_counts(checks: dict[str, dict], split: str) -> str:
    return span([checked["prepared"][split]["rows"] for checked in checks.values()])
