"""Saved models that label texts as their runs did, on this machine's device: one, or the mean of several."""

from pathlib import Path
from typing import Any

import numpy as np

from emotion_grid.base.environment import set_up_environment
from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import expect_whole
from emotion_grid.base.layout import LABELLING, MODEL_RECORD
from emotion_grid.base.messages import InputError, log
from emotion_grid.base.prompts import TEXT, prompted
from emotion_grid.data.cleaning import clean

TOKENS_AT_ONCE = {"cpu": 4096, "cuda": 65536}
"""Tokens, padding included, of one pass through the model."""


class Labeller:
    """A saved model that labels texts with the cleaning, the prompt, the precision and the thresholds of its run.

    Args:
        folder: a run's `model/`.
        threads: CPU threads.
        encoder: where its encoder lies, if not where it lay at training.

    Attributes:
        labels: their names.
        thresholds: (labels,).
        prompt: the template around its texts.
        device, model, tokenizer: what computes.

    Raises:
        InputError: a folder without a model, or one that is not as it was written.
    """

    def __init__(self, folder: Path, threads: int, encoder: Path | None = None):
        if not (folder / LABELLING).is_file():
            raise InputError(
                f"{folder}: expected a run's model with {LABELLING}, found none; start Snakemake once more for its study, which writes it"
            )
        expect_whole({folder / MODEL_RECORD: None})
        set_up_environment(threads)
        import torch

        from emotion_grid.model.classifier import EmotionClassifier
        from emotion_grid.model.devices import find_device
        from emotion_grid.model.encoder import quieten
        from emotion_grid.model.tokenizer import load_tokenizer

        quieten()
        torch.set_num_threads(threads)
        how = read_json(folder / LABELLING)
        self.device, self._clean, self.prompt = find_device(), how["clean"], how.get("prompt", TEXT)
        self.model = EmotionClassifier.from_pretrained(folder, encoder).to(self.device)
        self.tokenizer = load_tokenizer(folder)
        self._half = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(how["precision"])
        if how["precision"] == "fp16" and self.device.type == "cpu":
            log("the model was trained in fp16, which needs a GPU: it predicts in fp32")
            self._half = None
        self.labels = list(self.model.config.labels)
        self.thresholds = np.array([how["thresholds"][label] for label in self.labels])

    def precision(self) -> Any:
        """The precision in which the model was trained, while a block runs."""
        import torch

        return torch.autocast(self.device.type, dtype=self._half, enabled=self._half is not None)

    def clean(self, text: str) -> str:
        """A text as the model's run read it."""
        return clean(text, self._clean)

    def probabilities(self, texts: list[str]) -> np.ndarray:
        """Float (texts, labels); NaN for a text of which cleaning leaves nothing."""
        cleaned = [self.clean(text) for text in texts]
        places = [place for place, text in enumerate(cleaned) if text.strip()]
        found = np.full((len(texts), len(self.labels)), np.nan)
        if places:
            found[places] = self._predict([cleaned[place] for place in places])
        return found

    def _predict(self, texts: list[str]) -> np.ndarray:
        """Float (texts, labels). All texts are tokenized at once, and those of like length go through the model together."""
        import torch

        from emotion_grid.features.batches import batches_by_length
        from emotion_grid.model.devices import padding_multiple

        inputs = [prompted(self.prompt, text) for text in texts]
        tokens = self.tokenizer(inputs, truncation=True, max_length=self.model.config.max_length)
        lengths = np.array([len(ids) for ids in tokens["input_ids"]])
        order, logits = np.argsort(-lengths, kind="stable"), np.empty((len(texts), len(self.labels)))
        for batch in batches_by_length(lengths[order], TOKENS_AT_ONCE[self.device.type]):
            rows = {name: [values[place] for place in order[batch]] for name, values in tokens.items()}
            padded = self.tokenizer.pad(rows, return_tensors="pt", pad_to_multiple_of=padding_multiple(self.device)).to(
                self.device
            )
            with torch.inference_mode(), self.precision():
                logits[order[batch]] = self.model(**padded).logits.float().cpu().numpy()
        return 1 / (1 + np.exp(-logits))


class Ensemble:
    """Several models as one: the mean of their probabilities, and the mean of their thresholds.

    Args:
        folders: of the models.
        threads: CPU threads.
        encoder: where the encoder of all of them lies, if not where it lay at training.

    Attributes:
        labels: their names.
        thresholds: (labels,).

    Raises:
        InputError: models for other labels than the first's.
    """

    def __init__(self, folders: list[Path], threads: int, encoder: Path | None = None):
        self.members = [Labeller(folder, threads, encoder) for folder in folders]
        self.labels = self.members[0].labels
        for folder, member in zip(folders, self.members, strict=True):
            if member.labels != self.labels:
                raise InputError(
                    f"{folder}: expected a model for the labels of {folders[0]} ({', '.join(self.labels)}), found {', '.join(member.labels)}"
                )
        self.thresholds = np.mean([member.thresholds for member in self.members], axis=0)

    def probabilities(self, texts: list[str]) -> np.ndarray:
        """Float (texts, labels); NaN for a text of which a model's cleaning leaves nothing."""
        return np.mean([member.probabilities(texts) for member in self.members], axis=0)
