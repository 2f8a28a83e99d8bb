"""Experiments of made-up runs: as many as a test wants, without training one."""

import itertools
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from emotion_grid.base.files import write_json
from emotion_grid.data.rows import write_predictions
from emotion_grid.data.tables import write_split
from scripts import compare, evaluate, report

LABELS = ["anger", "fear", "joy", "sadness", "surprise"]
ROWS = {"train": 400, "validation": 100, "dev": 200, "test": 50}

HOSTILE = [
    "<script>document.title = 'run'; window.ran = true</script>",
    '<img src=x onerror="window.ran = true">',
    "<svg/onload=window.ran=true>",
    "</td></tr></table><h1>out of the table</h1>",
    "</script><script>window.ran = true</script>",
    "<a href='javascript:window.ran=true'>click me</a>",
    "<style>body { display: none }</style> hidden?",
    "<iframe src='https://example.org/'></iframe>",
    "<!-- a comment that never ends",
    "{{ 7 * 7 }} {% raw %} ${7*7} #{7*7}",
    '=HYPERLINK("https://example.org","click")',
    "+1+1 is how a formula starts",
    "-2+3 so does this one",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1 after a tab",
    "100% sure & $5 #1 _under_ ^up^ ~tilde~ {brace} \\input{/etc/passwd}",
    "\\documentclass{article} \\write18{ls} $$ x^2 $$",
    "right to left \u202e override, never closed",
    "isolate \u2067 opened, never closed",
    "\u0645\u0631\u062d\u0628\u0627 \u200f mixed \u05e9\u05dc\u05d5\u05dd with English",
    "zero\u200bwidth\u200djoiner\ufeffmark",
    "emoji \U0001f621\U0001f1e9\U0001f1ea\U0001f468\u200d\U0001f469\u200d\U0001f467 and skin \U0001f44d\U0001f3fd",
    "combining Z\u0351\u036b\u0343\u036a\u0302\u0311a\u0334\u0321lgo\u0489\u0321",
    "a,comma \"and quotes\" and 'apostrophes'",
    "two\nlines, and a\rcarriage return",
    "W" + "o" * 400 + "w",
    "word " * 300,
    "\\u003cscript\\u003e &lt;script&gt; &#x3c;script&#x3e;",
    "'; DROP TABLE runs; --",
    "NA null None nan 1e309 \u00a0 non-breaking",
]
"""Texts that try to be more than text: HTML, scripts, formulas, LaTeX, directions, joiners, and lengths."""


def make_texts(home: Path, labels: list[str] = LABELS, rows: dict[str, int] = ROWS, key: str = "d") -> dict:
    """Prepared splits in data/<key> whose texts are the hostile ones and plain ones; returns the gold labels of each."""
    random, golds = np.random.default_rng(7), {}
    plain = ["so", "happy", "and", "afraid", "today", "what", "a", "day", "angry", "again", "sad", "surprise", "the"]
    for split, count in rows.items():
        gold = (random.random((count, len(labels))) < np.linspace(0.5, 0.1, len(labels))).astype(float)
        texts = [*HOSTILE, *(" ".join(random.choice(plain, random.integers(3, 30))) for _ in range(count))][:count]
        table = pd.DataFrame(gold, columns=labels)
        table.insert(0, "text", texts)
        table.insert(0, "id", [f"{split}-{number}" for number in range(count)])
        write_split(table, home / "data" / key / f"{split}.csv")
        golds[split] = gold
    facts = {"rows_without_label": 3, "duplicate_texts": 0, "words_median": 9.0, "words_max": 60}
    prepared = {split: {"rows": len(gold), **counts(gold, labels), **facts} for split, gold in golds.items()}
    findings = dict.fromkeys(("duplicates", "contradictions", "overlaps", "dropped"), 0)
    write_json(home / "data" / key / "checks.json", {**findings, "warnings": [], "prepared": prepared})
    return golds


def counts(gold: np.ndarray, labels: list[str]) -> dict:
    """How many rows of a split are annotated for each label, and how many have it."""
    known, positives = (~np.isnan(gold)).sum(0).tolist(), (gold == 1).sum(0).tolist()
    return {"known": dict(zip(labels, known, strict=True)), "positives": dict(zip(labels, positives, strict=True))}


def make_experiment(home: Path, seeds: int = 2, encoders: int = 2, effect: float = 0.5, **plan: object) -> dict:
    """An experiment of `encoders` × 4 heads × 5 freezes × `seeds` runs and two baselines, scored by nothing yet; returns its plan.

    Only the encoder makes a difference, `effect` standard deviations of the noise from one to the next; heads and freezes make none.
    """
    golds = make_texts(home)
    heads = [("mlp", "1x"), ("mlp", "2x"), ("mlp", "4x"), ("attention", "128")]
    freezes = [("0", "none"), ("0", "r=8, alpha=16"), ("half", "none"), ("half", "r=8, alpha=16"), ("all", "none")]
    rows = []
    for encoder, (kind, size), (freeze, lora), seed in itertools.product(
        range(encoders), heads, freezes, range(1, seeds + 1)
    ):
        name = f"encoder{encoder}_{kind}-{size}_freeze-{freeze}_{'lora8' if lora != 'none' else 'full'}_seed-{seed}"
        columns = {
            "encoder": f"encoder{encoder}",
            "head_type": kind,
            "head_size": size,
            "head_layers": 2 if kind == "mlp" else None,
            "freeze": freeze,
            "lora": lora,
            "fold": None,
            "seed": seed,
        }
        rows.append(made_row(name, columns))
        write_tables(home / "runs" / name, golds, 1.0 + effect * encoder, len(rows))
        write_records(home / "runs" / name, job=str(100 + len(rows)))
    for number, name in enumerate(("most-frequent", "tfidf")):
        rows.append(made_row(name, {"encoder": name, "fold": None}, "baseline"))
        write_tables(home / "baselines" / name, golds, 0.3 * number, 10_000 + number)
    return write_plan(home, rows, **plan)


def made_row(run: str, columns: dict, kind: str = "run") -> dict:
    """A row of a plan."""
    return {"run": run, "kind": kind, "folder": f"{kind}s/{run}", "data": "d", "columns": columns, "older": []}


def write_plan(home: Path, rows: list[dict], **changes: object) -> dict:
    """plan.json of rows, the first of them a run; returns it."""
    document = {
        "experiment": "made",
        "columns": list(rows[0]["columns"]),
        "rows": rows,
        "labels": LABELS,
        "folds": None,
        "united": None,
        "compare": {},
        "evaluation": {"threshold": "global", "bootstrap": 200, "confidence": 0.95},
        "keep_models": "best",
        "explained": "best",
        "repetitions": ["seed", "fold"],
        "derived": ["head_units"],
        "files": {"train": "data/train.csv", "dev": "data/dev.csv"},
        "title": "A made-up study",
        "note": "",
        "tags": [],
        "programs": {"evaluate": "e", "report": "r"},
        **changes,
    }
    write_json(home / "plan.json", document)
    return document


def write_tables(folder: Path, golds: dict, signal: float, seed: int, labels: list[str] = LABELS) -> None:
    """Prediction tables of a row: the higher the signal, the better; wrong for most hostile texts."""
    random = np.random.default_rng(seed)
    for split, gold in golds.items():
        if split != "train":
            logits = signal * (2 * gold - 1) - 0.5 + random.normal(size=gold.shape)
            logits[: len(HOSTILE)] *= -2  # wrong for sure: they stand among the mistakes
            ids = [f"{split}-{number}" for number in range(len(gold))]
            write_predictions(folder / "predictions" / f"{split}.csv", ids, labels, 1 / (1 + np.exp(-logits)))


def write_records(folder: Path, job: str | None = None) -> None:
    """What a run leaves beside its predictions: its spec, provenance and history."""
    spec = {"encoder": {"model": "made/up", "revision": "1"}, "freeze": 0, "lora": None, "seed": 1}
    spec |= {"head": {"type": "mlp"}, "training": {"epochs": 3}}
    data = {
        "files": {"train": "0" * 64},
        "labels": LABELS,
        "clean": [],
        "validation": 0.1,
        "split_seed": 1,
        "fold": None,
    }
    write_json(folder / "spec.json", {**spec, "data": data})
    provenance = {"device": "cpu", "precision": "fp32", "threads": 2, "best_epoch": 2, "epochs_trained": 3}
    provenance |= {"trainable_parameters": 10_000, "total_parameters": 20_000, "texts_cut": {"dev": 1}}
    provenance |= {"train_seconds": 60.0, "total_seconds": 70.0, "finished": "2026-01-01T00:00:00+0000"}
    write_json(folder / "provenance.json", {**provenance, "versions": {"python": "3.11", "torch": "2"}, "job": job})
    (folder / "history.csv").write_text(
        "epoch,step,train_loss,validation_loss,validation_macro_f1,seconds\n"
        "1,1,0.6,0.6,0.2,1\n2,2,0.4,0.5,0.4,2\n3,3,0.3,0.6,0.3,3\n"
    )


def write_results(home: Path) -> None:
    """Score and compare an experiment, and write its report."""
    run_program(evaluate, "--plan", home / "plan.json", "--output", home)
    run_program(compare, "--results", home)
    run_program(report, "--results", home)


def run_program(program: object, *arguments: str) -> None:
    """A program's main with arguments."""
    before, sys.argv = sys.argv, ["program", *map(str, arguments)]
    try:
        program.main()
    finally:
        sys.argv = before
