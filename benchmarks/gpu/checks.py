"""What is checked: a plain table, to which one more check is one more entry.

Each check fills in the cells of its row and raises `Failed` where something does not hold. It may ask for a GPU.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from benchmarks.gpu.lab import Failed, Lab, Run, Trained, read_probabilities
from benchmarks.gpu.texts import LABELS
from emotion_grid.base.files import write_json
from emotion_grid.base.layout import FILES, LABELLING
from emotion_grid.data.splits import MODEL
from emotion_grid.encoders.size import with_size
from emotion_grid.jobs.needs import training_need
from emotion_grid.jobs.site import load_site

Cells = dict[str, Any]
"""The cells of a row, by column."""


@dataclass(frozen=True)
class Check:
    """One row of the table.

    Attributes:
        name: of the row.
        encoder: whose shape it uses.
        shows: what holds if it passes.
        run: fills in the cells of its row.
        needs_gpu: whether a CPU cannot do it.
        alone: whether nothing else may run beside it, since it measures time.
    """

    name: str
    encoder: str
    shows: str
    run: Callable[[Lab, Cells], None]
    needs_gpu: bool = False
    alone: bool = False


@dataclass(frozen=True)
class Way:
    """A kind of run whose speed is measured: its axes, whether it reads features, whether it trains a head alone."""

    block: dict[str, Any] = field(default_factory=dict)
    features: bool = False
    head_alone: bool = False


WAYS = {
    "whole fine-tuning": Way(),
    "LoRA": Way({"lora": {"rank": 8, "alpha": 16}}),
    "half frozen, without features": Way({"freeze": "half"}),
    "half frozen, with features": Way({"freeze": "half"}, features=True),
    "head on the frozen encoder": Way({"freeze": "all"}, features=True, head_alone=True),
    "attention head on the frozen encoder": Way(
        {"freeze": "all", "head": {"type": "attention", "size": "1x"}}, features=True, head_alone=True
    ),
}

FP32_BOUND = 1e-3
"""Largest difference of a probability between two ways to compute one run in fp32."""

HALF_BOUND = 0.05
"""The same between fp32 and bf16 or fp16, and between ways to compute in these."""


def repeats(lab: Lab, row: Cells, encoder: str) -> None:
    """Two starts of one spec predict the same, digit for digit."""
    run = lab.run(encoder)
    one, other = lab.train(run), lab.train(run, "again")
    row |= facts(one)
    warned = {line.split("Warning: ")[-1] for line in one.lines if "deterministic" in line and "Warning" in line}
    row["found"] = "; ".join(sorted(warned))[:200]
    expect_near(row, one.probabilities(), other.probabilities(), 0)


def halves(lab: Lab, row: Cells, encoder: str, precision: str) -> None:
    """A run in bf16 or fp16 predicts what it does in fp32, within a bound."""
    exact, half = (lab.train(lab.run(encoder, precision=name)) for name in ("fp32", precision))
    row |= facts(half)
    if row["precision"] != precision:
        raise Failed(f"expected a run in {precision}, found one in {row['precision']}")
    row["found"] = f"mean difference {np.abs(exact.probabilities() - half.probabilities()).mean():.2g}"
    expect_near(row, exact.probabilities(), half.probabilities(), HALF_BOUND)
    if row["difference"] == 0:
        raise Failed(f"expected other last digits in {precision}, found those of fp32")


def reads_features(lab: Lab, row: Cells, encoder: str, precision: str) -> None:
    """A run that reads the states of its frozen layers predicts what it does when it computes them itself."""
    run = lab.run(encoder, {"freeze": "half"}, precision=precision)
    with_them, without = lab.train(run), lab.train(run, "without-features", features=False)
    row |= facts(with_them)
    if not with_them.provenance["features"]:
        raise Failed("expected a run on features, found one that computed the frozen layers itself")
    bound = FP32_BOUND if precision == "fp32" else HALF_BOUND
    expect_near(row, with_them.probabilities(), without.probabilities(), bound)


def resumes(lab: Lab, row: Cells, encoder: str, precision: str, way: str = "whole fine-tuning") -> None:
    """A run that was stopped after its first epoch and started again predicts what an uninterrupted one does, digit for digit."""
    epochs = lab.scale.long * (10 if WAYS[way].head_alone else 1)
    run = lab.run(encoder, WAYS[way].block, precision=precision, epochs=epochs)
    whole = lab.train(run)
    lab.start(run, "interrupted", until="epoch 1/")
    resumed = Trained(lab.folder(run, "interrupted"), lab.start(run, "interrupted"))
    row |= facts(resumed)
    continued = [line for line in resumed.lines if "continuing from the checkpoint of step" in line]
    if not continued or resumed.provenance["starts"] != 2:
        raise Failed("expected a run that continues from its checkpoint, found one that began again")
    row["found"] = f"{continued[0].split('  ')[-1]} of {whole.history[-1]['step']}"
    expect_near(row, whole.probabilities(), resumed.probabilities(), 0)


def reloads(lab: Lab, row: Cells, encoder: str, precision: str) -> None:
    """A saved model, loaded again, labels texts as its run predicted them."""
    run = lab.run(encoder, precision=precision)
    kept = lab.train(run, "kept", keep="all")
    row |= facts(kept)
    how = {"clean": ["nfc", "whitespace"], "precision": precision, "thresholds": dict.fromkeys(LABELS, 0.5)}
    write_json(kept.folder / MODEL / LABELLING, how)
    labelled = kept.folder / "labelled.csv"
    texts = f"--input={lab.work / 'test.csv'}"
    lab.program("scripts.predict", f"--model={kept.folder / MODEL}", texts, f"--output={labelled}")
    again = read_probabilities(labelled, [f"{label}_probability" for label in LABELS])
    expect_near(row, kept.probabilities(), again, FP32_BOUND if precision == "fp32" else HALF_BOUND)


def trains_in_parts(lab: Lab, row: Cells, encoder: str) -> None:
    """With too little memory for its batch, a run computes it in parts: as many steps, and what it predicts with enough."""
    run = lab.run(encoder, precision="fp32", batch_size=lab.scale.large_batch)
    enough = lab.train(run)
    state = 16 * enough.provenance["total_parameters"] / 2**20  # weights, gradients and two moments in fp32
    limit = round(state + 0.4 * (enough.provenance["gpu_peak_mb"] - state))
    little = lab.train(run, "little-memory", memory_mb=limit)
    row |= facts(little)
    parts, peak = little.provenance["batch_parts"], enough.provenance["gpu_peak_mb"]
    row["found"] = f"{peak} MB with enough memory; with {limit} MB in {parts} parts"
    if parts == 1 or enough.provenance["batch_parts"] != 1:
        raise Failed(f"expected batches in parts with {limit} MB alone, found {row['found']}")
    if [epoch["step"] for epoch in enough.history] != [epoch["step"] for epoch in little.history]:
        raise Failed("expected as many steps in an epoch, whatever memory there is")
    expect_near(row, enough.probabilities(), little.probabilities(), FP32_BOUND)


def encodes_in_parts(lab: Lab, row: Cells, encoder: str) -> None:
    """With too little memory for a batch of texts, frozen layers are computed for fewer at a time, and give the same states."""
    from safetensors.numpy import load_file

    from emotion_grid.features.index import VALUES

    run = lab.run(encoder, {"freeze": "half"}, precision="fp32")
    record, peak = lab.encode(run, "measured")
    assert peak is not None, "a check that needs a GPU"
    weights = 4 * record["encoder_parameters"] / 2**20
    limit = round(weights + 0.6 * (peak - weights))
    _, less = lab.encode(run, "little-memory", memory_mb=limit)
    row |= {
        "precision": record["precision"],
        "gpu_peak_mb": less,
        "found": f"{peak} MB with enough memory; limit {limit} MB",
    }
    enough, little = (load_file(lab.features(run, name) / FILES / VALUES) for name in ("measured", "little-memory"))
    expect_near(row, enough["values"], little["values"], FP32_BOUND)


def speed(lab: Lab, row: Cells, encoder: str, way: str) -> None:
    """How fast a kind of run is, and that its job asks for as much memory as it takes."""
    kind = WAYS[way]
    training = {"epochs": lab.scale.head_epochs} if kind.head_alone else {}
    run = lab.run(encoder, kind.block, **training)
    if kind.features:
        record, peak = lab.encode(run)
        row["found"] = f"features: {record['gigabytes']} GB in {record['seconds']} s, {peak} MB of the GPU"
    done = lab.train(run, "timed" if kind.features else "timed-without-features", features=kind.features)
    row |= facts(done)
    first, *_, last = done.history
    seconds = float(last["seconds"]) - float(first["seconds"])
    texts = (len(done.history) - 1) * int(first["step"]) * lab.scale.batch
    row["texts_per_second"] = round(texts / seconds) if seconds else None
    row["asked_mb"] = _asked_mb(lab, run)
    if row["peak_mb"] > row["asked_mb"]:
        raise Failed(f"expected a run within the {row['asked_mb']} MB that its job asks for, found {row['peak_mb']} MB")


def _asked_mb(lab: Lab, run: Run) -> int:
    """Memory that a run's job asks Slurm for where the site has no bound."""
    site = {**load_site(), "mem_mb": 10**9, "mem_mb_retry": 10**9}
    row, table = run.row, lab.work / "train.csv"
    assert row.inputs.encoder
    encoder = with_size(row.spec["encoder"], lab.cache / row.inputs.encoder, "")
    longest = max(map(len, table.read_bytes().splitlines()))
    return training_need([{**row.spec, "encoder": encoder}], table.stat().st_size, site, 1, longest).mem_mb


def facts(trained: Trained) -> Cells:
    """What a run's provenance says in the columns of the table."""
    made = trained.provenance
    names = {
        "precision": "precision",
        "run_seconds": "total_seconds",
        "peak_mb": "peak_mb",
        "gpu_peak_mb": "gpu_peak_mb",
    }
    return {column: made[key] for column, key in names.items()}


def expect_near(row: Cells, one: np.ndarray, other: np.ndarray, bound: float) -> None:
    """Fill in the largest difference of two tables, and refuse one above a bound."""
    row |= {"difference": float(f"{np.abs(one.astype(float) - other).max():.2g}"), "bound": bound}
    if not row["difference"] <= bound:
        raise Failed(f"expected a difference of at most {bound}, found {row['difference']}")


def _speeds(encoder: str, *ways: str) -> list[Check]:
    shows = "its speed, and that its job asks for enough memory"
    return [
        Check(f"speed: {way}", encoder, shows, partial(speed, encoder=encoder, way=way), alone=True) for way in ways
    ]


SMALL, QUIET = "minilm", "minilm-quiet"

CHECKS = [
    Check("same run twice", SMALL, "equal predictions, digit for digit", partial(repeats, encoder=SMALL)),
    *(
        Check(
            f"{half} against fp32",
            QUIET,
            f"predictions in {half} are those in fp32 within the bound",
            partial(halves, encoder=QUIET, precision=half),
            needs_gpu=half == "fp16",
        )
        for half in ("bf16", "fp16")
    ),
    Check(
        "training short of memory",
        QUIET,
        "a batch that does not fit is computed in parts, to the same effect",
        partial(trains_in_parts, encoder=QUIET),
        needs_gpu=True,
    ),
    Check(
        "features short of memory",
        QUIET,
        "texts that do not fit at once are computed in parts, to the same effect",
        partial(encodes_in_parts, encoder=QUIET),
        needs_gpu=True,
    ),
    *(
        Check(
            f"interrupted in {precision}",
            SMALL,
            "a run that is started again predicts what an uninterrupted one does",
            partial(resumes, encoder=SMALL, precision=precision),
            needs_gpu=precision == "fp16",
        )
        for precision in ("fp32", "bf16", "fp16")
    ),
    Check(
        "interrupted head on features",
        SMALL,
        "the same of a head that is trained on features",
        partial(resumes, encoder=SMALL, precision="fp32", way="head on the frozen encoder"),
    ),
    *(
        Check(f"{name} in {precision}", QUIET, shows, partial(run, encoder=QUIET, precision=precision))
        for name, shows, run in (
            ("features", "a run on stored states of frozen layers predicts what one without does", reads_features),
            ("saved model", "a saved model labels as its run predicted", reloads),
        )
        for precision in ("fp32", "bf16")
    ),
    *_speeds("bert-base", *WAYS),
    *_speeds("roberta-large", "whole fine-tuning", "LoRA", "head on the frozen encoder"),
    *_speeds("xlm-r-base", "whole fine-tuning"),
    *_speeds("qwen-0.5b", "LoRA"),
    *_speeds("minilm", "whole fine-tuning", "head on the frozen encoder"),
]
"""All checks, those of what must hold first."""
