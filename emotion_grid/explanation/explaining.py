"""Choosing texts and explaining what a run, or an ensemble of runs, predicts for them."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emotion_grid.base.environment import set_up_environment
from emotion_grid.base.files import read_json
from emotion_grid.base.layout import SELECTED, SPEC, run_folder
from emotion_grid.base.messages import InputError, log
from emotion_grid.base.prompts import TEXT
from emotion_grid.data.splits import MODEL, MODEL_FILES, PROVENANCE, predictions_file
from emotion_grid.data.tables import has_gold, match, read_predictions, read_split
from emotion_grid.evaluation.thresholds import Labelled, tune_threshold
from emotion_grid.explanation.averaging import mean_explanation
from emotion_grid.explanation.shapley import (
    Explanation,
    explain_texts,
    mask_token_id,
    maskings,
    model_logits,
    split_words,
)
from emotion_grid.explanation.words import Explained

SECONDS_BETWEEN_LINES = 10
"""Between two lines of progress."""


def choose(table: pd.DataFrame, wrongness: np.ndarray, count: int) -> pd.DataFrame:
    """Rows to explain: four fifths at random, one fifth those with the largest `wrongness` (rows,); `drawn` tells them apart."""
    random = np.random.default_rng(0).permutation(len(table))
    drawn = random[: count - count // 5]
    worst = [place for place in np.argsort(-wrongness, kind="stable") if place not in set(drawn)][: count // 5]
    places = [*sorted(drawn), *worst]
    return table.iloc[places].assign(place=places, drawn=[True] * len(drawn) + [False] * len(worst))


def choose_ids(table: pd.DataFrame, ids: list[str]) -> pd.DataFrame:
    """The rows with these ids."""
    missing = [key for key in ids if key not in set(table["id"])]
    if missing:
        raise InputError(f"--ids: expected ids of the explained split, found {missing[0]}")
    chosen = table["id"].isin(ids).to_numpy()
    return table[chosen].assign(place=np.flatnonzero(chosen), drawn=True)


def members_of(row: Path) -> dict[Path, float]:
    """The runs whose mean predicts dev and validation, with their weights: of a run, the run itself.

    Args:
        row: the folder of a run, or of an ensemble.

    Raises:
        InputError: a run whose model is not there.
    """
    selected = read_json(row / PROVENANCE).get(SELECTED)
    if selected is None:
        return {row: 1.0}
    weights = {run_folder(row.resolve().parents[1], run): weight for run, weight in selected["dev"]["weights"].items()}
    if missing := [run.name for run in weights if not (run / MODEL_FILES[0]).is_file()]:
        raise InputError(
            f"{row}: expected the models of its {len(weights)} runs, found none of {', '.join(missing)}; set keep_models: all"
        )
    return weights


def explain(
    row: Path, data: Path, encoder: Path | None, request: dict[str, Any], ids: list[str], threads: int
) -> Explained:
    """Explain the predictions of a run or an ensemble for some texts of dev, or of validation if dev has no gold labels.

    Args:
        row: the folder of a run with its model, or of an ensemble whose runs have theirs.
        data: folder of the prepared splits.
        encoder: folder of the fetched encoder, if it does not lie where it lay at training.
        request: how many texts, how many maskings a text at most, and how thresholds are tuned.
        ids: of the texts; empty for a sample.
        threads: CPU threads.
    """
    set_up_environment(threads)
    chosen = _choose_texts(row, data, request, ids, read_json(row / SPEC)["data"]["labels"])
    texts, members = list(chosen.texts["text"]), members_of(row)
    log(f"explaining {len(texts)} texts of {chosen.judge}, at most {request['evaluations']} maskings each")
    explained = [_explain_run(run, texts, encoder, request["evaluations"], threads) for run in members]
    if len(members) == 1:
        return replace(chosen, explanations=explained[0])
    weights = list(members.values())
    by_text = zip(texts, zip(*explained, strict=True), strict=True)
    return replace(chosen, explanations=[mean_explanation(text, of_models, weights) for text, of_models in by_text])


def _explain_run(
    run: Path, texts: list[str], encoder: Path | None, evaluations: int, threads: int
) -> list[Explanation]:
    """What each word of each text adds to the logits of a run's model."""
    import torch

    from emotion_grid.model.classifier import EmotionClassifier
    from emotion_grid.model.devices import find_device
    from emotion_grid.model.encoder import quieten
    from emotion_grid.model.tokenizer import load_tokenizer

    quieten()
    torch.set_num_threads(threads)
    spec, device = read_json(run / SPEC), find_device()
    log(f"{run.name} on {device}")
    tokenizer = load_tokenizer(run / MODEL)
    model = EmotionClassifier.from_pretrained(run / MODEL, encoder=encoder).to(device)
    prompt = spec["encoder"].get("prompt", TEXT)
    words = split_words(texts, tokenizer, spec["training"]["max_length"], prompt)
    explanations, asked = explain_texts(
        words,
        model_logits(model, tokenizer.pad_token_id, device),
        mask_token_id(tokenizer),
        evaluations,
        _progress(sum(maskings(len(text.words), evaluations) for text in words)),
    )
    log(f"{asked.computed:,} masked texts computed, {asked.asked - asked.computed:,} repeats reused")
    return explanations


def _choose_texts(run: Path, data: Path, request: dict, ids: list[str], labels: list[str]) -> Explained:
    """The texts to explain with the run's predictions for them; explanations are still to come."""
    splits = {split: read_split(data / f"{split}.csv") for split in ("validation", "dev")}
    judge = "dev" if has_gold(splits["dev"]) else "validation"
    predicted = {
        split: match(read_predictions(predictions_file(run, split), labels), table, str(run))
        for split, table in splits.items()
    }
    validation = splits["validation"]
    tuned_on = Labelled(validation["id"].to_numpy(dtype=str), predicted["validation"], validation[labels].to_numpy())
    thresholds = tune_threshold(tuned_on, request["threshold"])
    table, probabilities = splits[judge], predicted[judge]
    wrongness = np.nan_to_num(np.abs(table[labels].to_numpy() - probabilities)).max(1)
    rows = table[["id", "text"]]
    texts = choose_ids(rows, ids) if ids else choose(rows, wrongness, request["texts"])
    gold = table[labels].to_numpy()[texts["place"]]
    return Explained(texts, gold, [], probabilities[texts["place"]], thresholds, labels, judge)


def _progress(count: int) -> Callable[[int], None]:
    """A function that logs a bar every few seconds."""
    start = spoken = time.monotonic()

    def progress(done: int) -> None:
        nonlocal spoken
        now = time.monotonic()
        if now - spoken > SECONDS_BETWEEN_LINES:
            spoken, full = now, min(20, 20 * done // count)
            left = max(0, (now - start) / done * (count - done))
            log(f"[{'#' * full}{'.' * (20 - full)}] {done:,} of {count:,} maskings, {left:.0f} s left")

    return progress
