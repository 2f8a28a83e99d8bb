"""Explain a run: what each word of a text adds to each label's logit, over many texts, and where the run is wrong.

Reads a run's folder with its model, the prepared splits and the fetched encoder; writes contributions.csv (run, id, token, label, value: a
row for each word of a text and label, in the text's order), logits.csv (what a text's contributions start from and sum up to) and
explanation.html, a page that opens without a connection. Four fifths of the texts are drawn at random from dev (or from validation, if
dev has no labels), one fifth are those that the run gets most wrong; --ids names others.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.lib.cli import log, program_parser, run_program
from scripts.lib.data import has_gold, read_predictions, read_split
from scripts.lib.exports import csv_cell, one_line
from scripts.lib.files import InputError, read_json, whole_file, write_text
from scripts.lib.metrics import match, tune_threshold
from scripts.lib.page import render
from scripts.lib.words import contributions, misleading_words, pushing_words

SECONDS_BETWEEN = 10
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


def explain(run: Path, data: Path, encoder: Path, request: dict, ids: list[str], threads: int) -> tuple:
    """The chosen texts of the run's judging split with gold and probabilities, their explanations, and the split's name."""
    import torch
    from transformers import AutoTokenizer
    from transformers.utils import logging

    from scripts.lib import shapley
    from scripts.lib.devices import find_device
    from scripts.lib.model import EmotionClassifier

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(threads)
    spec = read_json(run / "spec.json")
    labels, device = spec["data"]["labels"], find_device()
    splits = {split: read_split(data / f"{split}.csv") for split in ("validation", "dev")}
    judge = "dev" if has_gold(splits["dev"]) else "validation"
    found = {
        split: match(read_predictions(run / "predictions" / f"{split}.csv", labels), table, str(run))
        for split, table in splits.items()
    }
    thresholds = tune_threshold(found["validation"], splits["validation"][labels].to_numpy(), request["threshold"])
    table, probabilities = splits[judge], found[judge]
    wrongness = np.abs(table[labels].to_numpy() - probabilities).max(1)
    texts = choose_ids(table, ids) if ids else choose(table, wrongness, request["texts"])
    log(f"explaining {len(texts)} texts of {judge} on {device}, at most {request['evaluations']} maskings each")
    tokenizer = AutoTokenizer.from_pretrained(run / "model", local_files_only=True, trust_remote_code=False)
    model = EmotionClassifier.from_pretrained(run / "model", encoder=encoder).to(device)
    mask_id = next(
        token
        for token in (tokenizer.mask_token_id, tokenizer.unk_token_id, tokenizer.pad_token_id)
        if token is not None
    )
    words = shapley.split_words(list(texts["text"]), tokenizer, spec["training"]["max_length"])
    explanations, asked = shapley.explain_texts(
        words,
        shapley.model_logits(model, tokenizer.pad_token_id, device),
        mask_id,
        request["evaluations"],
        _progress(sum(shapley.maskings(len(text.words), request["evaluations"]) for text in words)),
    )
    log(f"{asked.computed:,} maskings computed, {asked.asked - asked.computed:,} repeated ones taken from before")
    return texts, explanations, probabilities[texts["place"]], thresholds, labels, judge


def _progress(count: int) -> Callable[[int], None]:
    """A function that logs a bar every few seconds."""
    start = spoken = time.monotonic()

    def progress(done: int) -> None:
        nonlocal spoken
        now = time.monotonic()
        if now - spoken > SECONDS_BETWEEN:
            spoken, full = now, min(20, 20 * done // count)
            left = max(0, (now - start) / done * (count - done))
            log(f"[{'#' * full}{'.' * (20 - full)}] {done:,} of {count:,} maskings, {left:.0f} s left")

    return progress


def page(
    run: str,
    texts: pd.DataFrame,
    explanations: list,
    probabilities: np.ndarray,
    thresholds: np.ndarray,
    labels: list[str],
    judge: str,
) -> str:
    """The page of explanations."""
    gold, given = texts[labels].to_numpy() > 0.5, probabilities >= thresholds
    table = contributions(texts, explanations, labels)
    drawn = table[table["id"].isin(texts.loc[texts["drawn"], "id"])]
    least = 3 if len(texts) >= 50 else 2
    ids = list(texts["id"])
    wrong = {
        kind: {(ids[row], labels[column]) for row, column in np.argwhere(mask)}
        for kind, mask in (("missed", gold & ~given), ("given", ~gold & given))
    }
    return render(
        "explanation.html.j2",
        "report.js",
        title=run,
        judge=judge,
        labels=labels,
        drawn=int(texts["drawn"].sum()),
        count=len(texts),
        least=least,
        words=pushing_words(drawn, least),
        missed=misleading_words(table, wrong["missed"], -1),
        given=misleading_words(table, wrong["given"], 1),
        texts=[
            _text(texts.iloc[row], explanations[row], probabilities[row], gold[row], given[row], labels)
            for row in np.argsort(~(gold != given).any(1), kind="stable")
        ],
    )


def _text(
    row: pd.Series, one, probabilities: np.ndarray, gold: np.ndarray, given: np.ndarray, labels: list[str]
) -> dict:
    """A text on the page: its words once for every label that is gold or given, or for the likeliest if none is."""
    shown = np.flatnonzero(gold | given)
    if not len(shown):
        shown = [int(np.argmax(probabilities))]
    verdict = {
        (True, True): "right",
        (True, False): "missed",
        (False, True): "wrongly given",
        (False, False): "rightly left out",
    }
    return {
        "id": row["id"],
        "wrong": bool((gold != given).any()),
        "labels": [
            {
                "label": labels[column],
                "verdict": verdict[bool(gold[column]), bool(given[column])],
                "probability": float(probabilities[column]),
                "base": float(one.base[column]),
                "logit": float(one.logits[column]),
                "words": _shades(one.words, one.values[:, column]),
            }
            for column in shown
        ],
    }


def _shades(words: list[str], values: np.ndarray) -> list[dict]:
    """Words with a class of colour: up or down in four steps, relative to the text's strongest word."""
    top = np.abs(values).max(initial=1e-9)
    return [
        {
            "word": one_line(word) or "·",
            "value": float(value),
            "shade": f"{'up' if value > 0 else 'down'}{step}" if step else "",
        }
        for word, value, step in zip(words, values, np.round(4 * np.abs(values) / top).astype(int), strict=True)
    ]


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--run", required=True, type=Path, help="folder of the run's results, with its model")
    parser.add_argument("--data", required=True, type=Path, help="folder of the prepared splits")
    parser.add_argument("--encoder", required=True, type=Path, help="folder of the fetched encoder")
    parser.add_argument(
        "--request", required=True, type=Path, help="JSON file with texts, evaluations and threshold, as in the config"
    )
    parser.add_argument("--ids", nargs="*", default=[], help="ids of the texts to explain, in the place of a sample")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads to use (default: 1)")
    parser.add_argument("--output", required=True, type=Path, help="folder for the tables and the page")
    arguments = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[
        0
    ]  # one GPU, as in training
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    run = arguments.run.name
    found = explain(
        arguments.run, arguments.data, arguments.encoder, read_json(arguments.request), arguments.ids, arguments.threads
    )
    texts, explanations, _, _, labels, _ = found
    table = contributions(texts, explanations, labels)
    table.insert(0, "run", run)
    sums = pd.DataFrame(
        [
            (run, key, label, base, logit)
            for key, one in zip(texts["id"], explanations, strict=True)
            for label, base, logit in zip(labels, one.base, one.logits, strict=True)
        ],
        columns=["run", "id", "label", "base", "logit"],
    )
    for name, rows in (("contributions", table.assign(token=table["token"].map(csv_cell))), ("logits", sums)):
        with whole_file(arguments.output / f"{name}.csv") as partial:
            rows.to_csv(partial, index=False, lineterminator="\n", float_format="%.6g")
    write_text(arguments.output / "explanation.html", page(run, *found))
    log(f"{arguments.output / 'explanation.html'}")


if __name__ == "__main__":
    sys.exit(run_program(main))
