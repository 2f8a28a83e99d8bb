"""The file of annotators' answers that a config names, checked before anything runs."""

from pathlib import Path
from typing import Any

from emotion_grid.base.messages import InputError
from emotion_grid.data.annotators import planned_answers, planned_texts, source_of
from emotion_grid.data.joining import join
from emotion_grid.data.mapping import MAJORITY, read_mapping
from emotion_grid.plan.inputs import hub_splits, label_names, raw_files, reading_of
from emotion_grid.plan.programs import program_digest


def annotators_file(config: dict[str, Any]) -> Path | None:
    """The file of answers of a config, checked or not; None where it names none."""
    declared = config.get("data", {}).get("annotators")
    return Path(config.get("data_root", ".")).expanduser() / declared["file"] if declared else None


def annotators_section(config: dict[str, Any]) -> dict[str, Any] | None:
    """What plan.json says of the annotators of a checked config; None where it names none.

    Raises:
        InputError: a file that is not there or that cannot be used: emotions without a mapping, or no text of the study in it.
    """
    path = annotators_file(config)
    if path is None:
        return None
    declared = config["data"]["annotators"]
    is_named = isinstance(declared["raters"], str)
    reading = {
        "read": declared["read"],
        "columns": declared["columns"],
        "labels": {label: [names] if isinstance(names, str) else names for label, names in declared["labels"].items()},
        "unlabelled": [str(value) for value in declared["unlabelled"]],
        **{key: declared[key] for key in ("label_column", "positive_from") if key in declared},
        **({} if is_named else {"raters": {"unite": MAJORITY, "columns": declared["raters"]}}),
    }
    section = {
        "file": str(path),
        "reading": reading,
        "annotator": declared["raters"] if is_named else None,
        "clean": config["data"]["clean"],
        "program": program_digest("emotion_grid.evaluation.annotators"),
    }
    try:
        _check(config, section)
    except InputError as error:
        raise InputError(f"data.annotators: {error}") from None
    return section


def _check(config: dict[str, Any], section: dict[str, Any]) -> None:
    """Refuse a file that cannot be used, as far as planning can read it and the study's texts."""
    source = source_of(section, label_names(config))
    if not source.path.exists():
        raise InputError(
            f"expected a file with a table, found nothing at {source.path} (data_root is {config['data_root']})"
        )
    answers, texts = planned_answers(source), _texts(config)
    if answers and texts:
        join(answers.items, [(id_, source.cleaned(text)) for id_, text in texts], source)


def _texts(config: dict[str, Any]) -> list[tuple[str, str]] | None:
    """Ids and texts of a study; None where planning cannot read all of them."""
    mapping = read_mapping({"labels": label_names(config), "reading": reading_of(config)})
    files = {} if hub_splits(config) else raw_files(config)
    tables = [planned_texts(path, mapping) for path in files.values()]
    return [text for table in tables if table for text in table] if tables and None not in tables else None
