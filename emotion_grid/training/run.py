"""Training one run of the grid and predicting every split with its best epoch."""

import csv
import importlib
import importlib.metadata
import json
import os
import resource
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_grid.base.environment import set_up_environment
from emotion_grid.base.files import read_json, whole_file, whole_folder, write_json
from emotion_grid.base.messages import log
from emotion_grid.base.numbers import clock
from emotion_grid.data.rows import Rows, read_rows, write_predictions
from emotion_grid.data.splits import ADDED, HISTORY, MODEL, PROVENANCE, SPLITS, predicted_texts, predictions_file
from emotion_grid.training.checkpoints import FOLDER, Checkpoints

if TYPE_CHECKING:
    import torch

    from emotion_grid.training.setting import Setting


@dataclass(frozen=True)
class Job:
    """What one start of a run reads and writes.

    Attributes:
        spec: the run's spec.
        data: folder of the prepared splits.
        tokens: folder of the study's tokens in the cache.
        encoder: folder of the fetched encoder.
        output: folder of the run's results.
        threads: CPU threads to use.
        keep: what to write: `all`, `results` (no model) or `model` (nothing but the model).
        features: folder of the hidden states above the encoder's frozen layers; None if the run computes them itself.
        texts: the name of dev's and test's texts, noted beside the predictions; None if a person starts the program.
    """

    spec: dict
    data: Path
    tokens: Path
    encoder: Path
    output: Path
    threads: int = 1
    keep: str = "all"
    features: Path | None = None
    texts: str | None = None


def train(job: Job) -> None:
    """Train a run and write its results, provenance.json last."""
    start = time.monotonic()
    set_up_environment(job.threads)
    rows = {split: read_rows(job.data / f"{split}.csv") for split in ("train", *SPLITS)}
    device, precision = _device(job)
    cached = usable(job.features, precision)
    setting = _setting(job, rows, device, precision, bool(cached))
    training = _training(job, rows["train"], setting, cached)
    log(f"{len(rows['train']):,} rows, {training.trainable:,} of {training.total:,} trainable parameters")
    training.fit()
    seconds = training.progress.seconds
    log(f"best epoch: {training.best.epoch}, validation macro-F1 {training.best.score:.4f} at 0.5")
    if job.keep != "results":
        _write_model(job, training)
    if job.keep != "model":
        _write_predictions(job, rows, setting, training)
        _write_history(job.output / HISTORY, training.progress.history)
        facts = _provenance(job, setting, cached, training)
        times = {"train_seconds": round(seconds, 2), "total_seconds": round(time.monotonic() - start, 2)}
        write_json(job.output / PROVENANCE, {**facts, **times})
    setting.checkpoints.discard()
    log(f"done in {clock(time.monotonic() - start)}")


def _device(job: Job) -> tuple["torch.device", str]:
    """Where the run computes, and in which precision."""
    import torch

    from emotion_grid.model.devices import find_device, find_precision

    torch.set_num_threads(job.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    device = find_device()
    precision = find_precision(job.spec["training"]["precision"], device)
    log(f"device {device}, precision {precision}, {job.threads} threads")
    return device, precision


def _setting(job: Job, rows: dict[str, Rows], device: "torch.device", precision: str, cached: bool) -> "Setting":
    """What the training starts from.

    Args:
        cached: whether it reads features from the cache.
    """
    from emotion_grid.features.index import Index, Split
    from emotion_grid.training.optimisation import positive_weights
    from emotion_grid.training.setting import Setting

    index, balanced = Index(job.tokens), job.spec["training"]["class_weights"] == "balanced"
    return Setting(
        spec=job.spec,
        splits={split: Split(table, index) for split, table in rows.items()},
        index=index,
        class_weights=positive_weights(rows["train"].gold) if balanced else None,
        device=device,
        precision=precision,
        checkpoints=Checkpoints(job.output / FOLDER, {"precision": precision, "features": cached}),
    )


def _training(job: Job, rows: Rows, setting: "Setting", cached: dict | None) -> Any:
    """The run's training, on added rows, too, where its spec has some.

    Args:
        rows: its own training rows.
    """
    if ADDED not in job.spec["data"]:
        return _way_of_training(job, setting, cached)
    # By name: only the runs that have added rows have it in their program digest.
    module = importlib.import_module("emotion_grid.training.added")
    added = read_rows(job.data / f"{ADDED}.csv")
    return module.with_added_rows(setting, rows, added, lambda setting: _way_of_training(job, setting, cached))


def _way_of_training(job: Job, setting: "Setting", cached: dict | None) -> Any:
    """A head alone on features of the whole encoder, or the classifier on tokens or on features of its frozen layers."""
    features = job.features if cached else None
    if cached and features and job.spec["freeze"] == "all":
        from emotion_grid.training.head_training import HeadTraining

        return HeadTraining(setting, features, cached)
    from emotion_grid.training.fine_tuning import FineTuning

    return FineTuning(setting, job.encoder, features or job.tokens)


def usable(features: Path | None, precision: str) -> dict | None:
    """What features.json holds, if the features are stored and were computed in the run's precision; the log says why not."""
    if features is None:
        return None
    from emotion_grid.features.index import FEATURES_RECORD

    record = read_json(features / FEATURES_RECORD)
    if not record["stored"]:
        log(f"computing the frozen layers in every epoch: {record['why']}")
    elif record["precision"] != precision:
        log(
            f"computing the frozen layers in every epoch: the features in the cache were computed in {record['precision']}, now it is {precision} "
            f"(to compute them here: delete {features} and start again)"
        )
    else:
        return record
    return None


def _write_model(job: Job, training: Any) -> None:
    """Write the best epoch's weights and the tokenizer."""
    from emotion_grid.features.index import FILES, TOKENIZER
    from emotion_grid.model.saved import describe, write_model

    with whole_folder(job.output / MODEL) as partial:
        write_model(partial, training.best.weights, describe(job.encoder, job.spec))
        shutil.copytree(job.tokens / FILES / TOKENIZER, partial, dirs_exist_ok=True)


def _write_predictions(job: Job, rows: dict[str, Rows], setting: "Setting", training: Any) -> None:
    """Write a prediction table for each split, and then of which texts they are."""
    labels = job.spec["data"]["labels"]
    for split in SPLITS:
        path = predictions_file(job.output, split)
        write_predictions(path, rows[split].ids, labels, training.predict(setting.splits[split]))
    if job.texts:
        write_json(predicted_texts(job.output, job.texts), {})


def _write_history(path: Path, history: list[dict]) -> None:
    """Write a row an epoch."""
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, history[0], lineterminator="\n")
        table.writeheader()
        table.writerows(history)


def _provenance(job: Job, setting: "Setting", cached: dict | None, training: Any) -> dict:
    """Where, how and with what the run was trained."""
    import torch

    device, best = setting.device, training.best
    on_gpu = device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device) if on_gpu else "cpu",
        "precision": setting.precision,
        "threads": job.threads,
        "features": {"key": job.features.name, "device": cached["device"]} if cached and job.features else None,
        "batch_parts": training.parts,
        "starts": setting.checkpoints.starts,
        "best_epoch": best.epoch,
        "validation_macro_f1_at_0.5": best.score,
        "epochs_trained": len(training.progress.history),
        "trainable_parameters": training.trainable,
        "total_parameters": training.total,
        "texts_cut": {split: table.cut for split, table in setting.splits.items()},
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "gpu_peak_mb": round(torch.cuda.max_memory_reserved() / 2**20) if on_gpu else None,
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "versions": {name: version(name) for name in ("python", "torch", "transformers")},
        "job": os.environ.get("SLURM_JOB_ID"),
        "image": json.loads(os.environ.get("EMOTION_GRID_IMAGE", "null")),
    }


def version(name: str) -> str:
    """Version of Python or of an installed package; nothing is imported for it."""
    return sys.version.split()[0] if name == "python" else importlib.metadata.version(name)
