"""Training one run of the grid and predicting every split with its best epoch."""

import csv
import importlib.metadata
import json
import os
import resource
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from emotion_grid.base.files import read_json, whole_file, whole_folder, write_json
from emotion_grid.base.messages import log
from emotion_grid.data.rows import read_rows, write_predictions
from emotion_grid.data.splits import SPLITS
from emotion_grid.training.checkpoints import FOLDER, Checkpoints


def train(
    spec: dict,
    data: Path,
    tokens: Path,
    encoder: Path,
    output: Path,
    threads: int,
    keep: str,
    features: Path | None = None,
) -> None:
    """Train the run of a spec and write its results into `output`, provenance.json last.

    Args:
        features: what the frozen part of the encoder gave, if anything is frozen; without it the run asks the encoder itself.
        keep: what to write: `all`, `results` (no model) or `model` (nothing but the model).
    """
    start = time.monotonic()
    import torch

    from emotion_grid.base.numbers import clock
    from emotion_grid.features.index import TOKENIZER, Index, Split
    from emotion_grid.model.devices import find_device, find_precision
    from emotion_grid.model.saved import describe, write_model
    from emotion_grid.training.optimisation import positive_weights

    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    labels, values = spec["data"]["labels"], spec["training"]
    device = find_device()
    precision = find_precision(values["precision"], device)
    log(f"device {device}, precision {precision}, {threads} threads")
    rows = {split: read_rows(data / f"{split}.csv") for split in ("train", *SPLITS)}
    index = Index(tokens)
    splits = {split: Split(found, index) for split, found in rows.items()}
    weights = positive_weights(rows["train"].gold) if values["class_weights"] == "balanced" else None
    cached = usable(features, precision)
    checkpoints = Checkpoints(output / FOLDER, {"precision": precision, "features": bool(cached)})
    if cached and spec["freeze"] == "all":
        from emotion_grid.training.head_training import HeadTraining

        training: Any = HeadTraining(features, index, spec, splits, weights, device, checkpoints)
        total = cached["encoder_parameters"] + training.trainable
    else:
        from emotion_grid.training.fine_tuning import FineTuning

        source = features if cached else tokens
        training = FineTuning(encoder, source, index, spec, splits, weights, precision, device, checkpoints)
        total = training.total
    log(f"{len(rows['train']):,} rows, {training.trainable:,} of {total:,} parameters train")
    training.fit()
    best, progress = training.best, training.progress
    train_seconds = progress.seconds
    log(f"best epoch: {best.epoch}, validation macro-F1 {best.score:.4f} at 0.5")
    if keep != "results":
        with whole_folder(output / "model") as partial:
            write_model(partial, best.weights, describe(encoder, spec))
            shutil.copytree(tokens / "files" / TOKENIZER, partial, dirs_exist_ok=True)
    if keep == "model":
        checkpoints.discard()
        return
    for split in SPLITS:
        write_predictions(
            output / "predictions" / f"{split}.csv", rows[split].ids, labels, training.predict(splits[split])
        )
    with whole_file(output / "history.csv") as partial, partial.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, progress.history[0], lineterminator="\n")
        table.writeheader()
        table.writerows(progress.history)
    write_json(
        output / "provenance.json",
        {
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
            "precision": precision,
            "threads": threads,
            "features": {"key": features.name, "device": cached["device"]} if cached else None,
            "batch_parts": training.parts,
            "starts": checkpoints.starts,
            "best_epoch": best.epoch,
            "validation_macro_f1_at_0.5": best.score,
            "epochs_trained": len(progress.history),
            "trainable_parameters": training.trainable,
            "total_parameters": total,
            "texts_cut": {split: found.cut for split, found in splits.items()},
            "train_seconds": round(train_seconds, 2),
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "gpu_peak_mb": round(torch.cuda.max_memory_reserved() / 2**20) if device.type == "cuda" else None,
            "total_seconds": round(time.monotonic() - start, 2),
            "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "versions": {name: version(name) for name in ("python", "torch", "transformers")},
            "job": os.environ.get("SLURM_JOB_ID"),
            "image": json.loads(os.environ.get("EMOTION_GRID_IMAGE", "null")),
        },
    )
    checkpoints.discard()
    log(f"done in {clock(time.monotonic() - start)}")


def usable(features: Path | None, precision: str) -> dict | None:
    """What features.json holds, if the features are stored and were made in the run's precision; the log says why not."""
    if features is None:
        return None
    found = read_json(features / "features.json")
    if not found["stored"]:
        log(f"the encoder is asked in every epoch: {found['why']}")
    elif found["precision"] != precision:
        log(
            f"the encoder is asked in every epoch: its features were made in {found['precision']}, now it is {precision} "
            f"(to make them here: delete {features} and start again)"
        )
    else:
        return found
    return None


def version(name: str) -> str:
    """Version of Python or of an installed package; nothing is imported for it."""
    return sys.version.split()[0] if name == "python" else importlib.metadata.version(name)
