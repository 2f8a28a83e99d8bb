"""Saved models that label texts as their runs did, on this machine's device: one, the mean of several, or an ensemble of a study."""

import os
import shlex
from pathlib import Path
from typing import Any

import numpy as np

from emotion_grid.base.environment import set_up_environment
from emotion_grid.base.files import read_json
from emotion_grid.base.integrity import expect_whole
from emotion_grid.base.layout import LABELLING, MODEL_RECORD, run_folder
from emotion_grid.base.messages import InputError, log
from emotion_grid.base.prompts import TEXT, prompted
from emotion_grid.data.cleaning import clean
from emotion_grid.data.problems import listed
from emotion_grid.data.splits import MODEL

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


class Mixture:
    """An ensemble of a study: the weighted mean of its runs' models, at its own thresholds.

    The models are loaded one after the other for each part of the texts: there may be more of them than memory holds.

    Args:
        folder: an ensemble's results.
        threads: CPU threads.
        encoder: where the encoder of all its runs lies, if not where it lay at training.

    Attributes:
        labels: their names.
        thresholds: (labels,).
        device: what computes.

    Raises:
        InputError: a run whose model is not there.
    """

    def __init__(self, folder: Path, threads: int, encoder: Path | None = None):
        expect_whole({folder / LABELLING: []})
        set_up_environment(threads)
        from emotion_grid.model.devices import find_device

        how = read_json(folder / LABELLING)
        self.device, self.labels = find_device(), list(how["labels"])
        self.thresholds = np.array([how["thresholds"][label] for label in self.labels])
        self._folder, self._threads, self._encoder = folder, threads, encoder
        self._models = model_weights(folder)
        if missing := [model for model in self._models if not (model / LABELLING).is_file()]:
            files = shlex.join(["snakemake", *(os.path.relpath(model / "model.safetensors") for model in missing)])
            raise InputError(
                f"{folder}: expected the models of its {len(self._models)} runs, found none of {len(missing)} of them: "
                f"{listed(model.parent.name for model in missing)}. With keep_models: all in the config, these commands train them again: "
                f"{files}; snakemake -R keep_models"
            )

    def probabilities(self, texts: list[str]) -> np.ndarray:
        """Float (texts, labels); NaN for a text of which a model's cleaning leaves nothing."""
        total = np.zeros((len(texts), len(self.labels)))
        for folder, weight in self._models.items():
            model = Labeller(folder, self._threads, self._encoder)
            check_labels(folder, model.labels, self._folder, self.labels)
            total += weight * model.probabilities(texts)
        return total


def model_weights(folder: Path) -> dict[Path, float]:
    """The folders of the models that label for a folder, with their weights: a model's own, or those of an ensemble's runs."""
    weights = _weights(folder)
    if weights is None:
        return {folder: 1.0}
    home = folder.resolve().parents[1]
    return {run_folder(home, run) / MODEL: weight for run, weight in weights.items()}


def _weights(folder: Path) -> dict[str, float] | None:
    """The weights of an ensemble's runs; None if the folder is a model's, or nothing that labels."""
    path = folder / LABELLING
    return read_json(path).get("weights") if path.is_file() else None


def check_labels(folder: Path, found: list[str], first: Path, expected: list[str]) -> None:
    """Refuse a model for other labels than those that it is to be averaged with.

    Raises:
        InputError: with both.
    """
    if found != expected:
        raise InputError(
            f"{folder}: expected a model for the labels of {first} ({', '.join(expected)}), found {', '.join(found)}"
        )


class Ensemble:
    """Several models as one: the mean of their probabilities, and the mean of their thresholds.

    Args:
        folders: of the models; an ensemble of a study may be one of them.
        threads: CPU threads.
        encoder: where the encoder of all of them lies, if not where it lay at training.

    Attributes:
        labels: their names.
        thresholds: (labels,).

    Raises:
        InputError: models for other labels than the first's.
    """

    def __init__(self, folders: list[Path], threads: int, encoder: Path | None = None):
        self.members: list[Labeller | Mixture] = [
            Labeller(folder, threads, encoder) if _weights(folder) is None else Mixture(folder, threads, encoder)
            for folder in folders
        ]
        self.labels = self.members[0].labels
        for folder, member in zip(folders, self.members, strict=True):
            check_labels(folder, member.labels, folders[0], self.labels)
        self.thresholds = np.mean([member.thresholds for member in self.members], axis=0)

    def probabilities(self, texts: list[str]) -> np.ndarray:
        """Float (texts, labels); NaN for a text of which a model's cleaning leaves nothing."""
        return np.mean([member.probabilities(texts) for member in self.members], axis=0)
