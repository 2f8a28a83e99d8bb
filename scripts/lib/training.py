"""Fine-tuning with `Trainer`: batches, optimiser, best epoch, progress, checkpoints."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from safetensors.torch import load_file, save_file
from torch import nn
from torch.utils.data import Sampler
from transformers import (
    DataCollatorWithPadding,
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)
from transformers.trainer import TRAINER_STATE_NAME

from scripts.lib.checkpoints import PROGRESS, Checkpoints, settle
from scripts.lib.cli import log
from scripts.lib.files import InputError, read_json, whole_folder, write_json
from scripts.lib.model import EmotionClassifier
from scripts.lib.scores import macro_f1

EVALUATION_BATCH = 64
MEGABATCH = 50
"""Batches within which rows are sorted by length: enough to save padding, few enough to keep the order random."""


def find_device() -> torch.device:
    """The first CUDA device if there is one that works, else the CPU; the log says why a GPU's driver is of no use."""
    if torch.cuda.is_available():
        return torch.device("cuda", 0)
    driver = Path("/proc/driver/nvidia/version")
    if driver.is_file():
        found = driver.read_text().splitlines()[0]
        log(
            f"no GPU works here: torch {torch.__version__} is built for CUDA {torch.version.cuda}, the driver is {found}"
        )
    return torch.device("cpu")


def find_precision(wanted: str, device: torch.device) -> str:
    """What a spec's `precision` means on a device: fp32, bf16 or fp16.

    Raises:
        InputError: the device does not compute in what the spec asks for.
    """
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        if wanted == "bf16" and not native:
            raise InputError(
                "training.precision: expected a GPU that computes in bf16, found one that does not; use auto, fp16 or fp32"
            )
        return ("bf16" if native else "fp16") if wanted == "auto" else wanted
    if wanted == "fp16":
        raise InputError("training.precision: fp16 needs a GPU, found none; use auto, bf16 or fp32")
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return ("bf16" if native else "fp32") if wanted == "auto" else wanted


def encode_texts(
    table: pd.DataFrame, tokenizer: PreTrainedTokenizerBase, max_length: int, gold: bool
) -> tuple[Dataset, int]:
    """Tokens of a split's texts, and how many texts were cut.

    Returns:
        A data set with the tokenizer's columns, `length`, `row` (its place in the table) and, with `gold`, `labels`; sorted by
        length, so that batches taken in order hardly pad.
    """
    encoded = tokenizer(list(table["text"]), truncation=False, verbose=False)
    cut = sum(len(tokens) > max_length for tokens in encoded["input_ids"])
    if cut:
        encoded = tokenizer(list(table["text"]), truncation=True, max_length=max_length)
    lengths = np.array([len(tokens) for tokens in encoded["input_ids"]])
    order = np.argsort(-lengths, kind="stable")
    columns = {key: [encoded[key][row] for row in order] for key in tokenizer.model_input_names if key in encoded}
    columns |= {"length": lengths[order].tolist(), "row": order.tolist()}
    if gold:
        labels = [name for name in table.columns if name not in ("id", "text")]
        columns["labels"] = table[labels].to_numpy(dtype=np.float32)[order].tolist()
    return Dataset.from_dict(columns), cut


class LengthGroups(Sampler[int]):
    """Random order in which neighbours have similar lengths, from a seed and the epoch alone.

    Rows are shuffled, cut into groups of `MEGABATCH` batches, sorted by length within a group, and the batches shuffled; so
    an epoch's order does not depend on what ran before it.
    """

    def __init__(self, lengths: list[int], batch_size: int, seed: int):
        self.lengths, self.batch_size, self.seed, self.epoch = np.asarray(lengths), batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        random = np.random.default_rng([self.seed, self.epoch])
        order = random.permutation(len(self.lengths))
        group = MEGABATCH * self.batch_size
        for start in range(0, len(order), group):
            part = order[start : start + group]
            order[start : start + group] = part[np.argsort(-self.lengths[part], kind="stable")]
        full = len(order) // self.batch_size * self.batch_size
        batches = [*order[:full].reshape(-1, self.batch_size), order[full:]]
        first = batches[: full // self.batch_size]
        random.shuffle(first)
        yield from (int(row) for batch in [*first, order[full:]] for row in batch)


class EmotionTrainer(Trainer):
    """`Trainer` whose every step depends on seed and step alone, so that an interrupted run continues as if nothing had been.

    Rows come in length groups seeded by seed and epoch; dropout is seeded by seed and step. A batch that does not fit the
    device's memory is computed in `parts`, whose gradients add up to the batch's.
    """

    parts, starts = 1, 1

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler[int]:
        return LengthGroups(self.train_dataset["length"], self.args.per_device_train_batch_size, self.args.seed)

    def training_step(self, model: nn.Module, inputs: dict, num_items_in_batch: Any = None) -> torch.Tensor:
        while (loss := self._try_step(model, inputs)) is None:
            model.zero_grad()
            if self.args.device.type == "cuda":
                torch.cuda.empty_cache()
            self.parts *= 2
            log(f"out of memory on {self.args.device}: batches are computed in {self.parts} parts from now on")
        callback(self, Progress).add(loss)
        return loss

    def _try_step(self, model: nn.Module, inputs: dict) -> torch.Tensor | None:
        """Loss of a batch, its gradients added up over the parts; None if the device's memory does not hold a part."""
        rows = len(inputs["labels"])
        size = max(1, self.args.per_device_train_batch_size // self.parts)
        torch.manual_seed(int(np.random.SeedSequence([self.args.seed, self.state.global_step]).generate_state(1)[0]))
        losses = []
        try:
            for start in range(0, rows, size):
                part = {name: values[start : start + size] for name, values in inputs.items()}
                self.current_gradient_accumulation_steps = rows / len(
                    part["labels"]
                )  # `Trainer` divides the loss by it
                losses.append(super().training_step(model, part))
        except torch.OutOfMemoryError:
            if size == 1:
                raise
            return None
        return sum(losses)

    def _save_checkpoint(self, model: nn.Module, trial: Any = None) -> None:
        """Write what the run goes on from into a folder named by the step that appears whole; then remove older ones."""
        if self.control.should_training_stop:  # early: whoever continued from here would train on
            return
        home, step = Path(self.args.output_dir), str(self.state.global_step)
        best, progress = callback(self, BestEpoch), callback(self, Progress)
        with whole_folder(home / step) as partial:
            save_file(trained_weights(self.model), partial / "model.safetensors")
            save_file(best.weights, partial / "best.safetensors")
            self._save_optimizer_and_scheduler(str(partial))
            self._save_scaler(str(partial))
            self.state.save_to_json(str(partial / TRAINER_STATE_NAME))
            write_json(
                partial / PROGRESS,
                {
                    "precision": callback(self, Checkpoints).precision,
                    "parts": self.parts,
                    "starts": self.starts,
                    "best": {"score": best.score, "epoch": best.epoch},
                    "progress": progress.state(),
                },
            )
            settle(partial)
        for older in home.iterdir():
            if older.name != step:
                shutil.rmtree(older, ignore_errors=True)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        folder = Path(resume_from_checkpoint)
        saved, best = read_json(folder / PROGRESS), callback(self, BestEpoch)
        self.model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
        # Copies: a mapped file could not be removed from a network file system while the process lives.
        best.weights = {name: tensor.clone() for name, tensor in load_file(folder / "best.safetensors").items()}
        best.score, best.epoch = saved["best"]["score"], saved["best"]["epoch"]
        callback(self, Progress).restore(saved["progress"])
        self.parts, self.starts = saved["parts"], saved["starts"] + 1
        log(f"continuing from the checkpoint of step {folder.name}")


def trained_weights(model: nn.Module) -> dict[str, torch.Tensor]:
    """Copies of the weights that train, on the CPU, by name."""
    return {name: tensor.detach().cpu().clone() for name, tensor in model.named_parameters() if tensor.requires_grad}


class BestEpoch(TrainerCallback):
    """Keeps the trained weights of the epoch with the best validation macro-F1, and stops when it is `patience` epochs old."""

    def __init__(self, patience: int | None):
        self.patience, self.score, self.epoch, self.weights = patience, -1.0, 0, {}

    def on_evaluate(self, args: Any, state: Any, control: Any, model: nn.Module, metrics: dict, **kwargs: Any) -> None:
        epoch = round(state.epoch)
        if metrics["eval_macro_f1"] > self.score:
            self.score, self.epoch, self.weights = metrics["eval_macro_f1"], epoch, trained_weights(model)
        elif self.patience and epoch - self.epoch >= self.patience:
            log(f"no better validation macro-F1 for {self.patience} epochs: stopping")
            control.should_training_stop = True

    def restore(self, model: nn.Module) -> None:
        """Put the best epoch's weights back."""
        model.load_state_dict(self.weights, strict=False)


class Progress(TrainerCallback):
    """Lines in the run's log (epoch, step, loss, score, time left), and the rows of history.csv."""

    SECONDS_BETWEEN = 20

    def __init__(self) -> None:
        self.history: list[dict] = []
        self._loss, self._steps, self._before = 0.0, 0, 0.0

    @property
    def seconds(self) -> float:
        """Seconds of training, those of earlier starts included."""
        return self._before + time.monotonic() - self._start

    def add(self, loss: torch.Tensor) -> None:
        """Count a step's loss towards the epoch's mean."""
        self._loss, self._steps = self._loss + loss, self._steps + 1

    def state(self) -> dict:
        """What a later start goes on from."""
        return {"history": self.history, "loss": float(self._loss), "steps": self._steps, "seconds": self.seconds}

    def restore(self, state: dict) -> None:
        """Go on from the `state` of an earlier start."""
        self.history, self._loss, self._steps = state["history"], state["loss"], state["steps"]
        self._before = state["seconds"]

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._start = self._spoken = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        now = time.monotonic()
        if now - self._spoken > self.SECONDS_BETWEEN and state.global_step < state.max_steps:
            self._spoken = now
            left = self.seconds / state.global_step * (state.max_steps - state.global_step)
            log(
                f"epoch {int(state.epoch) + 1}/{int(args.num_train_epochs)}  step {state.global_step}/{state.max_steps}  {clock(left)} left"
            )

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict, **kwargs: Any) -> None:
        done = self.seconds
        left = done / state.global_step * (state.max_steps - state.global_step)
        loss = float(self._loss) / self._steps
        self._loss, self._steps = 0.0, 0
        self.history.append(
            {
                "epoch": round(state.epoch),
                "step": state.global_step,
                "train_loss": loss,
                "validation_loss": metrics["eval_loss"],
                "validation_macro_f1": metrics["eval_macro_f1"],
                "seconds": round(done, 1),
            }
        )
        log(
            f"epoch {round(state.epoch)}/{int(args.num_train_epochs)}  loss {loss:.4f}  validation loss {metrics['eval_loss']:.4f}  "
            f"validation macro-F1 {metrics['eval_macro_f1']:.4f}  {clock(left)} left"
        )


def clock(seconds: float) -> str:
    """Seconds as 1:02:03 or 2:03."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def positive_weights(gold: np.ndarray) -> torch.Tensor:
    """Weight of each label's positives, negatives / positives, (labels,); 1 where there is no positive."""
    positives = gold.sum(0)
    return torch.tensor(
        np.where(positives > 0, (len(gold) - positives) / np.maximum(positives, 1), 1.0), dtype=torch.float32
    )


def make_optimizer(model: EmotionClassifier, training: dict, device: torch.device) -> torch.optim.AdamW:
    """AdamW, with the head's own learning rate, no decay on biases and norms, fused."""
    groups: dict[tuple[float, float], list] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            rate = training["head_learning_rate"] if name.startswith("head.") else training["learning_rate"]
            decay = 0.0 if parameter.ndim < 2 else training["weight_decay"]
            groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": group, "lr": rate, "weight_decay": decay} for (rate, decay), group in groups.items()], fused=True
    )


def make_trainer(
    model: EmotionClassifier,
    tokenizer: PreTrainedTokenizerBase,
    spec: dict,
    train: Dataset,
    validation: Dataset,
    precision: str,
    device: torch.device,
    folder: Path,
) -> EmotionTrainer:
    """The trainer of a run; its `BestEpoch`, `Progress` and `Checkpoints` are among its callbacks.

    Args:
        folder: where checkpoints lie while the run trains.
    """
    training = spec["training"]
    arguments = TrainingArguments(
        output_dir=str(folder),
        seed=spec["seed"],
        num_train_epochs=training["epochs"],
        per_device_train_batch_size=training["batch_size"],
        per_device_eval_batch_size=EVALUATION_BATCH,
        learning_rate=training["learning_rate"],
        weight_decay=training["weight_decay"],
        warmup_steps=training["warmup_steps"],
        lr_scheduler_type="linear",
        bf16=precision == "bf16",
        fp16=precision == "fp16",
        use_cpu=device.type == "cpu",
        eval_strategy="epoch",
        save_strategy="no",
        logging_strategy="no",
        logging_nan_inf_filter=False,
        report_to=[],
        disable_tqdm=True,
        label_names=["labels"],
        remove_unused_columns=True,
    )
    trainer = EmotionTrainer(
        model=model,
        args=arguments,
        train_dataset=train,
        eval_dataset=validation,
        data_collator=DataCollatorWithPadding(tokenizer, pad_to_multiple_of=8 if device.type == "cuda" else None),
        compute_metrics=lambda result: {
            "macro_f1": macro_f1(result.label_ids > 0.5, np.asarray(result.predictions) > 0)
        },
        optimizers=(make_optimizer(model.to(device), training, device), None),
        callbacks=[Progress(), BestEpoch(training["early_stopping"]), Checkpoints(precision)],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def callback(trainer: Trainer, kind: type) -> Any:
    """The trainer's callback of a kind."""
    return next(found for found in trainer.callback_handler.callbacks if isinstance(found, kind))


def predict(trainer: Trainer, split: Dataset, labels: int) -> np.ndarray:
    """Probabilities (rows, labels) in the order of the table that `split` was encoded from: a row for every row of it."""
    if len(split) == 0:
        return np.zeros((0, labels))
    logits = trainer.predict(split).predictions
    probabilities = np.empty((len(split), labels))
    probabilities[np.asarray(split["row"])] = 1 / (1 + np.exp(-logits.astype(np.float64)))
    return probabilities
