"""Preparing the splits of a study: checking and cleaning the rows, and cutting train into train and validation."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from emotion_grid.base.messages import InputError
from emotion_grid.data.cleaning import clean
from emotion_grid.data.forms import Table
from emotion_grid.data.hub import is_hub, shown_name
from emotion_grid.data.mapping import Mapping, check_classes, read_mapping
from emotion_grid.data.problems import Problem, explain
from emotion_grid.data.raw import bytes_digest
from emotion_grid.data.sources import read_source
from emotion_grid.data.splitting import fold_numbers, share_rows, validation_rows
from emotion_grid.data.tables import has_gold, split_table
from emotion_grid.data.texts import Mapped, map_table

Tell = Callable[[str, Table, Mapped], None]
"""Says how the file of a split was read."""


def read_raw(spec: dict, paths: dict[str, str], tell: Tell) -> dict[str, pd.DataFrame]:
    """Every split that the study has, checked and cleaned.

    Raises:
        InputError: all rows of all files that cannot be used, unless the config says to drop them.
    """
    mapping, splits, refused = read_mapping(spec), {}, []
    for split, path in paths.items():
        planned = spec["files"][split]
        raw, name = read_source(Path(path), mapping.form), shown_name(path, planned)
        if not is_hub(planned) and bytes_digest(Path(path)) != planned:
            raise InputError(f"{path}: the file has changed since this start was planned; start again")
        mapped = _cleaned(map_table(raw, mapping, name, gold=split == "train"), mapping, spec["clean"])
        tell(split, raw, mapped)
        if mapped.problems and (not mapping.drop or not mapped.ids):
            refused.append(explain(name, mapped.problems))
        splits[split] = split_table(mapped, mapping.names)
    if refused:
        advice = "" if mapping.drop else "\ncorrect them, or leave such rows out (data.on_bad_rows: drop)"
        raise InputError("\n".join(refused) + advice)
    tables = splits.values()
    check_classes(mapping, {label for label in mapping.names if any((table[label] == 1).any() for table in tables)})
    return splits


def _cleaned(mapped: Mapped, mapping: Mapping, steps: list[str]) -> Mapped:
    """The texts of a file after the cleaning steps; a text of which nothing is left cannot be used."""
    texts = [clean(text, steps) for text in mapped.texts]
    blank = [
        Problem(row, id_, mapping.text, f"a text after the cleaning steps {', '.join(steps)}", "nothing")
        for row, id_, text in zip(mapped.rows, mapped.ids, texts, strict=True)
        if text == ""
    ]
    return replace(mapped, texts=texts).without(blank)


def examine(splits: dict[str, pd.DataFrame], labels: list[str]) -> tuple[dict, dict[str, pd.Series]]:
    """What stands out in the splits, and the training rows (bool masks) that each kind of finding could drop."""
    train = splits["train"]
    elsewhere = {text for split, table in splits.items() if split != "train" for text in table["text"]}
    masks = {
        "duplicates": train.duplicated(["text", *labels]),
        "contradictions": _contradictions(train, labels),
        "overlaps": train["text"].isin(elsewhere),
    }
    found: dict = {kind: int(mask.sum()) for kind, mask in masks.items()}
    found["splits"] = {split: describe(table, labels) for split, table in splits.items()}
    return found, masks


def _contradictions(train: pd.DataFrame, labels: list[str]) -> pd.Series:
    """Which rows have a label otherwise than another row of the same text; an unknown label contradicts nothing."""
    by_text = train.groupby("text")[labels]
    return ((by_text.transform("min") < by_text.transform("max")) & train[labels].notna()).any(axis=1)


def describe(table: pd.DataFrame, labels: list[str]) -> dict:
    """Numbers of a split: rows, words and, where it is labelled, how many rows each label is known in and how many have it."""
    words = table["text"].str.split().str.len()
    facts: dict = {
        "rows": len(table),
        "duplicate_texts": int(table["text"].duplicated().sum()),
        "words_median": float(words.median()),
        "words_max": int(words.max()),
    }
    if has_gold(table):
        facts["known"] = {label: int(table[label].count()) for label in labels}
        facts["positives"] = {label: int(table[label].sum()) for label in labels}
        facts["rows_without_label"] = int((table[labels].max(axis=1) == 0).sum())
    return facts


def _lack(column: pd.Series, split: str) -> str:
    """What a label lacks in a split, and what follows from it; empty if it has a positive row."""
    effects = {"train": "it cannot be learned", "validation": "no threshold can be tuned for it"}
    if not column.notna().any():
        return f"no annotated row in {split}; {effects.get(split, 'it has no score there, and macro-F1 leaves it out')}"
    if not column.any():
        return f"no positive row in {split}; {effects.get(split, 'its F1 there is 0')}"
    return ""


def lacking_labels(splits: dict[str, pd.DataFrame], labels: list[str]) -> list[str]:
    """What each split lacks of each label, and what follows from it."""
    return [
        f"label {label}: {lack}"
        for split, table in splits.items()
        if has_gold(table)
        for label in labels
        if (lack := _lack(table[label], split))
    ]


def prepare(spec: dict, paths: dict[str, str], tell: Tell = lambda *_: None) -> tuple[dict[str, pd.DataFrame], dict]:
    """The four prepared splits and the checks."""
    labels = spec["labels"]
    splits = read_raw(spec, paths, tell)
    checks, masks = examine(splits, labels)
    train = splits["train"]
    dropped = pd.Series(False, index=train.index)
    for kind in spec["drop"]:
        dropped |= masks[kind]
    checks["dropped"] = int(dropped.sum())
    train = train[~dropped].reset_index(drop=True)
    if spec["fold"]:
        held_out = fold_numbers(train, labels, spec["folds"], spec["split_seed"]) == spec["fold"]
        splits["dev"], train = train[held_out].reset_index(drop=True), train[~held_out].reset_index(drop=True)
    chosen = validation_rows(train, labels, spec["validation"], spec["split_seed"])
    parts = {"train": train[~chosen], "validation": train[chosen]}
    if "train_share" in spec:  # all rows are in no spec
        parts["train"] = parts["train"][share_rows(parts["train"], labels, spec["train_share"], spec["split_seed"])]
    for split, table in parts.items():
        if len(table) == 0:
            raise InputError(
                f"data.{split}: expected at least one row, found none (train has {len(train)} rows, data.validation is {spec['validation']}); "
                "change data.validation or data.drop"
            )
    nothing = train.iloc[:0]
    result = {**parts, "dev": splits.get("dev", nothing), "test": splits.get("test", nothing)}
    checks["warnings"] = lacking_labels(result, labels)
    checks["prepared"] = {
        split: describe(table, labels) if len(table) else {"rows": 0} for split, table in result.items()
    }
    return result, checks
