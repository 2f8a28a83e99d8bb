"""Fine-tuning with `Trainer`: batches, best epoch, progress, checkpoints."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.utils.data import Sampler
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME

from emotion_grid.base.messages import log
from emotion_grid.data.scores import macro_f1
from emotion_grid.features.batches import Inputs, state_inputs, token_inputs
from emotion_grid.features.index import FEATURES_RECORD, Batch, Split
from emotion_grid.model.classifier import build_classifier
from emotion_grid.model.devices import padding_multiple
from emotion_grid.model.encoder import count_parameters, quieten
from emotion_grid.training.checkpoints import Checkpoints
from emotion_grid.training.optimisation import EVALUATION_BATCH, GRADIENT_NORM, seed_step, set_up, write_state
from emotion_grid.training.order import LengthGroups
from emotion_grid.training.progress import Best, Progress
from emotion_grid.training.setting import Setting


class EmotionTrainer(Trainer):
    """`Trainer` whose every step depends on seed and step alone, so that an interrupted run continues as if nothing had been.

    Rows come in length groups seeded by seed and epoch; dropout is seeded by seed and step. A batch that does not fit the
    device's memory is computed in `parts`, whose gradients add up to the batch's.

    Args:
        course: the callback that keeps best epoch, progress and checkpoints.
        arguments: those of `Trainer`.
    """

    parts = 1

    def __init__(self, course: "Course", **arguments: Any):
        super().__init__(callbacks=[course], **arguments)
        self.course = course

    def _get_train_sampler(self, train_dataset: Split | None = None) -> Sampler[int]:
        return LengthGroups(self.train_dataset.lengths, self.args.per_device_train_batch_size, self.args.seed)

    def training_step(self, model: nn.Module, inputs: dict, num_items_in_batch: Any = None) -> torch.Tensor:
        while (loss := self._try_step(model, inputs)) is None:
            model.zero_grad()
            if self.args.device.type == "cuda":
                torch.cuda.empty_cache()
            self.parts *= 2
            log(f"out of memory on {self.args.device}: batches are computed in {self.parts} parts from now on")
        self.course.progress.add(loss)
        return loss

    def _try_step(self, model: nn.Module, inputs: dict) -> torch.Tensor | None:
        """Loss of a batch, its gradients added up over the parts; None if the device's memory does not hold a part."""
        known = (~inputs["labels"].isnan()).sum(1)
        size = max(1, self.args.per_device_train_batch_size // self.parts)
        seed_step(self.args.seed, self.state.global_step)
        losses = []
        try:
            for start in range(0, len(known), size):
                part = {name: values[start : start + size] for name, values in inputs.items()}
                # `Trainer` divides the loss by it: a part counts by its known labels, over which its loss is the mean.
                counted = known[start : start + size].sum().clamp(min=1)
                self.current_gradient_accumulation_steps = known.sum() / counted
                losses.append(super().training_step(model, part))
        except torch.OutOfMemoryError:
            if size == 1:
                raise
            return None
        return sum(losses)

    def _save_checkpoint(self, model: nn.Module, trial: Any = None) -> None:
        if self.control.should_training_stop:  # early: whoever continued from here would train on
            return
        course = self.course
        progress = {"parts": self.parts, "best": course.best.state(), "progress": course.progress.state()}
        course.checkpoints.write(self.state.global_step, self._fill_checkpoint, progress)

    def _fill_checkpoint(self, folder: Path) -> None:
        parts = {"optimizer": self.optimizer, "scheduler": self.lr_scheduler, "scaler": self.accelerator.scaler}
        used = {name: part for name, part in parts.items() if part is not None}
        write_state(folder, self.model.named_parameters(), self.course.best, used)
        self.state.save_to_json(str(folder / TRAINER_STATE_NAME))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        folder, course = Path(resume_from_checkpoint), self.course
        saved = course.checkpoints.read(folder)
        self.model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
        course.best.restore(saved["best"], load_file(folder / "best.safetensors"))
        course.progress.restore(saved["progress"])
        self.parts = saved["parts"]


class Course(TrainerCallback):
    """Keeps the best epoch, says how far the training is, and asks for checkpoints."""

    def __init__(self, best: Best, progress: Progress, checkpoints: Checkpoints):
        self.best, self.progress, self.checkpoints = best, progress, checkpoints

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.progress.tell_step(state.global_step)
        # An epoch's last step is saved after its evaluation, which would be skipped otherwise.
        control.should_save = self.checkpoints.due and state.global_step % self.progress.steps != 0

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        control.should_save = self.checkpoints.due

    def on_evaluate(self, args: Any, state: Any, control: Any, model: nn.Module, metrics: dict, **kwargs: Any) -> None:
        epoch, score = round(state.epoch), metrics["eval_macro_f1"]
        self.progress.tell_epoch(epoch, metrics["eval_loss"], score)
        control.should_training_stop |= self.best.offer(epoch, score, model.named_parameters())

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.checkpoints.end_if_told(state.global_step)


class FineTuning:
    """The training of a run's classifier, whole or above its frozen layers.

    Args:
        setting: what the training starts from.
        encoder: folder of the fetched encoder.
        source: folder of the study's tokens or, in their place, of the hidden states above the frozen layers.

    Attributes:
        trainable, total: parameters that train, and all of them.
    """

    def __init__(self, setting: Setting, encoder: Path, source: Path):
        quieten()
        model = build_classifier(setting.spec, encoder)
        model.class_weights = setting.class_weights
        counts = count_parameters(model)
        self.trainable, self.total = counts.trainable, counts.total
        multiple = padding_multiple(setting.device)
        if (source / FEATURES_RECORD).is_file():
            model.start_above_frozen_layers()
            inputs = state_inputs(source, setting.index, multiple)
        else:
            inputs = token_inputs(source, setting.index, multiple)
        train = setting.splits["train"]
        self.model, self.checkpoints = model.to(setting.device), setting.checkpoints
        optimizer, schedule, self.best, self.progress = set_up(
            model.named_parameters(), setting.spec["training"], len(train)
        )
        self.trainer = EmotionTrainer(
            course=Course(self.best, self.progress, setting.checkpoints),
            model=model,
            args=_arguments(setting),
            train_dataset=train,
            eval_dataset=setting.splits["validation"],
            data_collator=collator(inputs),
            compute_metrics=lambda result: {
                "macro_f1": macro_f1(np.asarray(result.label_ids), np.asarray(result.predictions) > 0)
            },
            optimizers=(optimizer, schedule),
        )
        self.trainer.remove_callback(PrinterCallback)

    @property
    def parts(self) -> int:
        """In how many parts a batch was computed for lack of memory."""
        return self.trainer.parts

    def fit(self) -> None:
        """Train, from the last checkpoint if there is one, and go back to the best epoch."""
        with self.checkpoints.listening():
            self.progress.begin()
            self.trainer.train(resume_from_checkpoint=self.checkpoints.latest())
        self.load(self.best.weights)

    def load(self, weights: dict[str, torch.Tensor]) -> None:
        """Give what trains these weights, by name."""
        self.model.load_state_dict(weights, strict=False)

    def predict(self, split: Split) -> np.ndarray:
        """Probabilities (rows, labels) in the order of the table: a row for every row of it."""
        if len(split) == 0:
            return split.no_predictions
        return split.in_table_order(self.trainer.predict(split).predictions)


def _arguments(setting: Setting) -> TrainingArguments:
    """The arguments of `Trainer`; what it would log, save and report by itself is turned off."""
    training = setting.spec["training"]
    return TrainingArguments(
        output_dir=str(setting.checkpoints.home),
        seed=setting.spec["seed"],
        num_train_epochs=training["epochs"],
        per_device_train_batch_size=training["batch_size"],
        per_device_eval_batch_size=EVALUATION_BATCH,
        max_grad_norm=GRADIENT_NORM,
        bf16=setting.precision == "bf16",
        fp16=setting.precision == "fp16",
        use_cpu=setting.device.type == "cpu",
        eval_strategy="epoch",
        save_strategy="no",
        logging_strategy="no",
        logging_nan_inf_filter=False,
        report_to=[],
        disable_tqdm=True,
        label_names=["labels"],
        remove_unused_columns=False,
    )


def collator(inputs: Inputs) -> Callable[[Batch], dict[str, torch.Tensor]]:
    """Makes a batch for the model of what a `Split` gives."""

    def collate(batch: Batch) -> dict[str, torch.Tensor]:
        places, gold, weights = batch
        given = {"labels": gold, "weights": weights}
        return {**inputs(places), **{name: values for name, values in given.items() if values is not None}}

    return collate
