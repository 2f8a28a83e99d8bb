"""Choosing texts of a run and explaining its predictions for them."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_grid.base.environment import set_up_environment
from emotion_grid.base.files import read_json
from emotion_grid.base.layout import SPEC
from emotion_grid.base.messages import InputError, log
from emotion_grid.base.prompts import TEXT
from emotion_grid.data.splits import MODEL, predictions_file
from emotion_grid.data.tables import has_gold, match, read_predictions, read_split
from emotion_grid.evaluation.thresholds import Labelled, tune_threshold
from emotion_grid.explanation.shapley import explain_texts, mask_token_id, maskings, model_logits, split_words
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


def explain(run: Path, data: Path, encoder: Path, request: dict, ids: list[str], threads: int) -> Explained:
    """Explain a run's predictions for some texts of dev, or of validation if dev has no gold labels.

    Args:
        run: the run's folder, with its model.
        data: folder of the prepared splits.
        encoder: folder of the fetched encoder.
        request: how many texts, how many maskings a text at most, and how thresholds are tuned.
        ids: of the texts; empty for a sample.
        threads: CPU threads.
    """
    set_up_environment(threads)
    import torch

    from emotion_grid.model.classifier import EmotionClassifier
    from emotion_grid.model.devices import find_device
    from emotion_grid.model.encoder import quieten
    from emotion_grid.model.tokenizer import load_tokenizer

    quieten()
    torch.set_num_threads(threads)
    spec, device = read_json(run / SPEC), find_device()
    chosen = _choose_texts(run, data, request, ids, spec["data"]["labels"])
    log(
        f"explaining {len(chosen.texts)} texts of {chosen.judge} on {device}, at most {request['evaluations']} maskings each"
    )
    tokenizer = load_tokenizer(run / MODEL)
    model = EmotionClassifier.from_pretrained(run / MODEL, encoder=encoder).to(device)
    prompt = spec["encoder"].get("prompt", TEXT)
    words = split_words(list(chosen.texts["text"]), tokenizer, spec["training"]["max_length"], prompt)
    explanations, asked = explain_texts(
        words,
        model_logits(model, tokenizer.pad_token_id, device),
        mask_token_id(tokenizer),
        request["evaluations"],
        _progress(sum(maskings(len(text.words), request["evaluations"]) for text in words)),
    )
    log(f"{asked.computed:,} masked texts computed, {asked.asked - asked.computed:,} repeats reused")
    return replace(chosen, explanations=explanations)


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
