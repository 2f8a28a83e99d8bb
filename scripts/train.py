"""Train one run of the grid and predict every split with its best epoch.

Reads the run's spec, the prepared splits and the fetched encoder; writes predictions/<split>.csv, history.csv and provenance.json,
and, if asked, model/. Only validation decides which epoch is kept; dev and test are predicted once, at the end. A run that was
interrupted continues from its last checkpoint (checkpoint/, gone when the run is done).
"""

import json
import os
import sys
import time
from pathlib import Path

from scripts.lib.cli import log, program_parser, run_program
from scripts.lib.data import has_gold, read_split, write_predictions
from scripts.lib.files import read_json, whole_file, whole_folder, write_json
from scripts.lib.guard import one_at_a_time
from scripts.lib.splits import MODEL_FILES, RESULT_FILES, SPLITS, missing_files


def train(spec: dict, data: Path, encoder: Path, output: Path, threads: int, keep: str) -> None:
    """Train the run of a spec and write its results into `output`, provenance.json last.

    `keep` says what to write: `all`, `results` (no model) or `model` (nothing but the model).
    """
    start = time.monotonic()
    import pandas as pd
    import torch
    import transformers
    from transformers import AutoTokenizer, set_seed

    from scripts.lib import training as fit
    from scripts.lib.checkpoints import FOLDER, Checkpoints, discard
    from scripts.lib.model import build_classifier, count_parameters

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    labels, values = spec["data"]["labels"], spec["training"]
    device = fit.find_device()
    precision = fit.find_precision(values["precision"], device)
    log(f"device {device}, precision {precision}, {threads} threads")
    tokenizer = AutoTokenizer.from_pretrained(encoder, local_files_only=True, trust_remote_code=False)
    tables = {split: read_split(data / f"{split}.csv") for split in ("train", *SPLITS)}
    sets, cut = {}, {}
    for split, table in tables.items():
        sets[split], cut[split] = (
            fit.encode_texts(table, tokenizer, values["max_length"], gold=has_gold(table)) if len(table) else ([], 0)
        )
    set_seed(spec["seed"])
    model = build_classifier(spec, encoder)
    if values["class_weights"] == "balanced":
        model.class_weights = fit.positive_weights(tables["train"][labels].to_numpy())
    counts = count_parameters(model)
    log(f"{len(tables['train'])} rows, {counts.trainable:,} of {counts.total:,} parameters train")
    checkpoints = output / FOLDER
    trainer = fit.make_trainer(
        model, tokenizer, spec, sets["train"], sets["validation"], precision, device, checkpoints
    )
    listener = fit.callback(trainer, Checkpoints)
    with listener.listening():
        trainer.train(resume_from_checkpoint=listener.latest(checkpoints))
    best, progress = fit.callback(trainer, fit.BestEpoch), fit.callback(trainer, fit.Progress)
    train_seconds = progress.seconds
    best.restore(model)
    log(f"best epoch: {best.epoch}, validation macro-F1 {best.score:.4f} at 0.5")
    if keep != "results":
        with whole_folder(output / "model") as partial:
            model.save(partial)
            tokenizer.save_pretrained(partial)
    if keep == "model":
        discard(checkpoints)
        return
    for split in SPLITS:
        write_predictions(
            output / "predictions" / f"{split}.csv",
            list(tables[split]["id"]),
            labels,
            fit.predict(trainer, sets[split], len(labels)),
        )
    with whole_file(output / "history.csv") as partial:
        pd.DataFrame(progress.history).to_csv(partial, index=False, lineterminator="\n")
    write_json(
        output / "provenance.json",
        {
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
            "precision": precision,
            "threads": threads,
            "batch_parts": trainer.parts,
            "starts": trainer.starts,
            "best_epoch": best.epoch,
            "validation_macro_f1_at_0.5": best.score,
            "epochs_trained": len(progress.history),
            "trainable_parameters": counts.trainable,
            "total_parameters": counts.total,
            "texts_cut": cut,
            "train_seconds": round(train_seconds, 2),
            "total_seconds": round(time.monotonic() - start, 2),
            "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "versions": {
                "python": sys.version.split()[0],
                "torch": torch.__version__,
                "transformers": transformers.__version__,
            },
            "job": os.environ.get("SLURM_JOB_ID"),
            "image": json.loads(os.environ.get("EMOTION_GRID_IMAGE", "null")),
        },
    )
    discard(checkpoints)
    log(f"done in {fit.clock(time.monotonic() - start)}")


def main() -> None:
    parser = program_parser(__doc__)
    parser.add_argument("--spec", required=True, type=Path, help="spec.json of the run")
    parser.add_argument("--data", required=True, type=Path, help="folder of the prepared splits")
    parser.add_argument("--encoder", required=True, type=Path, help="folder of the fetched encoder")
    parser.add_argument("--output", required=True, type=Path, help="folder of the run's results")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads to use (default: 1)")
    parser.add_argument(
        "--keep",
        choices=["all", "results", "model"],
        default="all",
        help="what to write: predictions and model, or one of them",
    )
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    os.environ["HF_HUB_OFFLINE"] = "1"
    # A run takes one GPU, the first that a scheduler gave: on several, Trainer would train with larger batches.
    os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    with one_at_a_time(arguments.spec) as waited:
        if waited and not missing_files(arguments.output, MODEL_FILES if arguments.keep == "model" else RESULT_FILES):
            log("the other process finished the run")
            return
        train(
            read_json(arguments.spec),
            arguments.data,
            arguments.encoder,
            arguments.output,
            arguments.threads,
            arguments.keep,
        )


if __name__ == "__main__":
    sys.exit(run_program(main))
