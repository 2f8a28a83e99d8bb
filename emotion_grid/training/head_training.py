"""Training of a head on cached features: a plain loop, since importing `Trainer` takes longer.

Order, dropout, optimiser and schedule are those of `training`, so that a run that computes the features itself gives the same predictions.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from emotion_grid.data.scores import macro_f1
from emotion_grid.features.batches import state_inputs
from emotion_grid.features.index import Split
from emotion_grid.features.values import read_values
from emotion_grid.model.devices import padding_multiple
from emotion_grid.model.heads.build import build_head
from emotion_grid.model.loss import known_loss
from emotion_grid.training.optimisation import EVALUATION_BATCH, GRADIENT_NORM, seed_step, set_up, write_state
from emotion_grid.training.order import LengthGroups
from emotion_grid.training.setting import Setting


class HeadTraining:
    """The training of a head on features.

    Args:
        setting: what the training starts from.
        features: folder of the features, one vector a text or one a token.
        record: what features.json says of them.

    Attributes:
        trainable, total: parameters that train, and those of the encoder and the head together.
        parts: in how many parts a batch is computed: memory for a head never runs out.
    """

    parts = 1

    def __init__(self, setting: Setting, features: Path, record: dict):
        spec, device = setting.spec, setting.device
        self.values, self.device, self.checkpoints = read_values(features), device, setting.checkpoints
        torch.manual_seed(spec["seed"])
        self.head: Any = build_head(spec["head"], self.values.shape[1], len(spec["data"]["labels"])).to(device)
        self.trainable = sum(parameter.numel() for parameter in self.head.parameters())
        self.total = record["encoder_parameters"] + self.trainable
        self.train, self.validation = setting.splits["train"], setting.splits["validation"]
        self.training, self.seed = spec["training"], spec["seed"]
        self.class_weights = None if setting.class_weights is None else setting.class_weights.to(device)
        reads_states = record["output"] == "states"
        self.states = state_inputs(features, setting.index, padding_multiple(device)) if reads_states else None
        self.optimizer, self.schedule, self.best, self.progress = set_up(
            self.parameters(), self.training, len(self.train)
        )

    def logits(self, places: np.ndarray) -> torch.Tensor:
        """Logits (texts, labels) of texts by their places in the cache, (texts,)."""
        if self.states is None:
            return self.head.from_vectors(self.values[torch.from_numpy(places)].to(self.device))
        return self.head(*(tensor.to(self.device) for tensor in self.states(places).values()))

    def parameters(self) -> list[tuple[str, nn.Parameter]]:
        """The head's weights by their names in the classifier."""
        return [(f"head.{name}", parameter) for name, parameter in self.head.named_parameters()]

    def fit(self) -> None:
        """Train, from the last checkpoint if there is one, and go back to the best epoch."""
        with self.checkpoints.listening():
            self.progress.begin()
            self._fit(self._continue(self.checkpoints.latest()))
        self.load(self.best.weights)

    def _fit(self, done: int) -> None:
        """Train on after `done` steps."""
        size, steps = self.training["batch_size"], self.progress.steps
        groups = LengthGroups(self.train.lengths, size, self.seed)
        for epoch in range(done // steps, self.progress.epochs):
            groups.set_epoch(epoch)
            rows = np.fromiter(groups, dtype=np.int64)
            self.head.train()
            for step in range(done % steps, steps):
                places, gold, weights = self.train.__getitems__(rows[step * size : (step + 1) * size])
                assert gold is not None, "the training rows have gold labels"
                self._step(epoch * steps + step, places, gold, weights)
                done = epoch * steps + step + 1
                self.progress.tell_step(done)
                if self.checkpoints.due and step < steps - 1:
                    self._save(done)
            if self._end_epoch(epoch + 1):
                return
            if self.checkpoints.due:
                self._save(done)

    def _step(self, step: int, places: np.ndarray, gold: torch.Tensor, weights: torch.Tensor | None) -> None:
        seed_step(self.seed, step)
        loss = self._loss(self.logits(places), gold, weights)
        loss.backward()
        nn.utils.clip_grad_norm_(self.head.parameters(), GRADIENT_NORM)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()
        self.progress.add(loss.detach())

    def _loss(self, logits: torch.Tensor, gold: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
        weights = None if weights is None else weights.to(logits.device)
        return known_loss(logits, gold.to(logits.device), self.class_weights, weights)

    def _end_epoch(self, epoch: int) -> bool:
        """Ask validation; whether the training is over."""
        logits, gold = self._evaluate(self.validation), self.validation.gold
        assert gold is not None, "the validation rows have gold labels"
        score = macro_f1(gold.numpy(), logits.numpy() > 0)
        self.progress.tell_epoch(epoch, float(self._loss(logits.to(self.device), gold)), score)
        return self.best.offer(epoch, score, self.parameters())

    @torch.no_grad()
    def _evaluate(self, split: Split) -> torch.Tensor:
        """Logits (rows, labels) in the split's order."""
        self.head.eval()
        batches = range(0, len(split), EVALUATION_BATCH)
        return torch.cat([self.logits(split.places[start : start + EVALUATION_BATCH]).cpu() for start in batches])

    def predict(self, split: Split) -> np.ndarray:
        """Probabilities (rows, labels) in the order of the table: a row for every row of it."""
        if len(split) == 0:
            return split.no_predictions
        return split.in_table_order(self._evaluate(split).numpy())

    def load(self, weights: dict[str, torch.Tensor]) -> None:
        """Give the head these weights, by their names in the classifier."""
        self.head.load_state_dict({name.removeprefix("head."): tensor for name, tensor in weights.items()})

    def _save(self, step: int) -> None:
        def fill(folder: Path) -> None:
            parts = {"optimizer": self.optimizer, "scheduler": self.schedule}
            write_state(folder, self.parameters(), self.best, parts)

        self.checkpoints.write(step, fill, {"best": self.best.state(), "progress": self.progress.state()})
        self.checkpoints.end_if_told(step)

    def _continue(self, folder: Path | None) -> int:
        """Take up a checkpoint; how many steps are done."""
        if folder is None:
            return 0
        saved = self.checkpoints.read(folder)
        self.load(load_file(folder / "model.safetensors"))
        self.best.restore(saved["best"], load_file(folder / "best.safetensors"))
        self.progress.restore(saved["progress"])
        for part, name in ((self.optimizer, "optimizer.pt"), (self.schedule, "scheduler.pt")):
            part.load_state_dict(torch.load(folder / name, weights_only=True, map_location=self.device))
        return int(folder.name)
