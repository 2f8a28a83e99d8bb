"""What a reader has to know before relying on the report."""

from emotion_grid.base.files import read_json
from emotion_grid.base.layout import SPEC
from emotion_grid.data.splits import PROVENANCE, SPLITS
from emotion_grid.evaluation.results import Results, folder_of, words_of
from emotion_grid.evaluation.thresholds import FIXED, THRESHOLD_KIND
from emotion_grid.grid.axes.declared import AXES
from emotion_grid.report.header.headline import best_baseline
from emotion_grid.report.reading import Study

CUT = 0.2
"""Share of texts that are cut, from which on a warning says so."""


def warnings(study: Study) -> list[str]:
    """Warnings about the data, texts that are cut, older results, labels that are never predicted, and a baseline that is as good."""
    results, checks = study.results, study.checks
    warnings = [_of_data(results, key) + text for key, check in checks.items() for text in check["warnings"]]
    overlaps = [check["overlaps"] for key, check in checks.items() if "overlaps" not in _dropped_kinds(results, key)]
    if any(overlaps):
        warnings.append(
            f"{max(overlaps):,} training texts also occur in dev or test and were not dropped, so scores there may be too high "
            "(data.drop: [overlaps] drops them)."
        )
    warnings += [*_near_duplicates(study), *_cut(study)]
    older = results.summary[results.summary["older"] != ""]
    for parts, rows in older.groupby("older"):
        warnings.append(
            f"{len(rows)} of {len(results.runs)} runs were made by an older {parts.replace(' ', ' and ')}; the table of all runs marks them."
        )
    warnings += [
        f"The best run never predicts the label {label} on {study.judge_of_best}."
        for column, label in enumerate(results.plan["labels"])
        if study.predictions.known[:, column].any() and not study.predictions.predicted[:, column].any()
    ]
    warnings += _fixed(results)
    baseline = best_baseline(results)
    for split, words in {"test": "test", results.judge: study.judge_of_best}.items():
        name = f"{split}_macro_f1"
        if baseline is not None and name in results.summary and baseline[name] >= results.best[name]:
            warnings.append(f"On {words} the best run is no better than the baseline {baseline['encoder']}.")
    return list(dict.fromkeys(warnings))


def _fixed(results: Results) -> list[str]:
    """A warning if other predictions have no rows of validation, on which their thresholds would be tuned as everyone's."""
    others = results.summary[(results.summary["kind"] == "other") & (results.summary[THRESHOLD_KIND] == FIXED)]
    if others.empty or results.plan["evaluation"]["threshold"] == FIXED:
        return []
    return [
        f"{', '.join(others['encoder'])}: scored at the fixed threshold 0.5, since the predictions under compare have no rows of validation "
        "on which one could be tuned."
    ]


def _near_duplicates(study: Study) -> list[str]:
    """A warning if texts of dev or test nearly occur in train."""
    counts = {
        study.results.split_name(split): max(
            check["prepared"][split].get("near_duplicates", 0) for check in study.checks.values()
        )
        for split in ("dev", "test")
        if study.checks
    }
    found = ", ".join(f"{count:,} of {name}" for name, count in counts.items() if count)
    if not found:
        return []
    return [
        f"Some texts occur in train, too, but for case, punctuation, numbers, user names or links ({found}), so scores there may be too high."
    ]


def _cut(study: Study) -> list[str]:
    """A warning if a fifth of the best run's texts or more are longer than what it reads of them."""
    results = study.results
    folder = folder_of(results, results.best["run"])
    data = next(row["data"] for row in results.plan["rows"] if row["run"] == results.best["run"])
    if data not in study.checks or not (folder / PROVENANCE).is_file():
        return []
    count = sum(read_json(folder / PROVENANCE)["texts_cut"].values())
    texts = sum(study.checks[data]["prepared"][split]["rows"] for split in ("train", *SPLITS))
    if count < CUT * texts:
        return []
    longest = read_json(folder / SPEC)["training"]["max_length"]
    return [
        f"The best run read {count:,} of {texts:,} texts ({count / texts:.0%}) only up to token {longest} (training.max_length)."
    ]


def _of_data(results: Results, key: str) -> str:
    """What tells prepared splits from others of the study: their fold and their share of the training rows, say."""
    columns = [row["columns"] for row in results.plan["rows"] if row["data"] == key]
    usual: dict[str, object] = {}
    for axis in AXES:
        usual |= axis.columns(axis.default, axis.neutral) if axis.place == "data" else {}
    values = {name: {cells.get(name) for cells in columns} - {None, value} for name, value in usual.items()}
    words = ", ".join(f"{words_of(name)} {value}" for name, found in values.items() for value in sorted(found))
    return f"{words[0].upper()}{words[1:]}: " if words else ""


def _dropped_kinds(results: Results, key: str) -> list[str]:
    path = results.home / "data" / key / "spec.json"
    return read_json(path)["drop"] if path.is_file() else []
