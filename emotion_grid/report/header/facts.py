"""What was studied: encoders, data, rows, tags, and which program reports it when."""

import datetime

from emotion_grid.base.files import read_json
from emotion_grid.base.numbers import span
from emotion_grid.base.version import version
from emotion_grid.data.splits import SPLITS
from emotion_grid.evaluation.results import Results, folder_of
from emotion_grid.report.reading import Study

MOST_ENCODERS = 4
"""Encoders that are named; of more, the rest is counted."""


def facts(study: Study) -> dict[str, str]:
    """Facts about the study by name, in the order to show."""
    results, files = study.results, study.results.plan["files"]
    facts = {
        "Encoder" if results.runs["encoder"].nunique() == 1 else "Encoders": _encoders(results),
        "Data": ", ".join(files[split] for split in ("train", "dev", "test") if split in files),
        "Rows": _rows(study),
        "Tags": ", ".join(results.plan["tags"]),
        "Reported": f"{datetime.date.today().isoformat()}, emotion-grid {version()}",
    }
    return {name: value for name, value in facts.items() if value}


def _encoders(results: Results) -> str:
    """The encoders by the names that the grid uses, each with the model behind it."""
    first = results.runs.drop_duplicates("encoder")
    names = [_encoder(results, row["encoder"], row["run"]) for _, row in first.head(MOST_ENCODERS).iterrows()]
    more = len(first) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _encoder(results: Results, name: str, run: str) -> str:
    path = folder_of(results, run) / "spec.json"
    model = read_json(path)["encoder"].get("model") if path.is_file() else None
    return f"{name} ({model})" if model and model != name else name


def _rows(study: Study) -> str:
    """Rows of each split; in a cross-validation, ranges over the folds."""
    counts = {
        study.results.split_name(split): span([checked["prepared"][split]["rows"] for checked in study.checks.values()])
        for split in ("train", *SPLITS)
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count not in ("", "0"))
