"""The folder of a trained model: the weights that were trained, without the encoder's own.

Imports torch alone: a head is saved without its encoder.
"""

import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from emotion_grid.base.files import read_json, write_json

DESCRIBED = ("encoder", "encoder_path", "head", "freeze", "lora", "labels", "max_length")
"""What a classifier is built again from: its encoder's config and folder, the run's axis values, the labels."""


def write_model(folder: Path, weights: dict[str, torch.Tensor], description: dict) -> None:
    """Write config.json and model.safetensors with the trained weights, by their names in the classifier.

    Args:
        description: a value for each of `DESCRIBED`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    save_file(plain, folder / "model.safetensors", metadata={"format": "pt"})
    labels = description["labels"]
    write_json(
        folder / "config.json",
        {
            "architectures": ["EmotionClassifier"],
            "model_type": "emotion-grid",
            "problem_type": "multi_label_classification",
            "id2label": {str(number): label for number, label in enumerate(labels)},
            "label2id": {label: number for number, label in enumerate(labels)},
            **description,
        },
    )
    shutil.copymode(folder / "config.json", folder / "model.safetensors")  # safetensors writes for its owner alone


def describe(encoder: Path, run: dict) -> dict:
    """A value for each of `DESCRIBED`, from the encoder's folder and the run's spec."""
    return {
        "encoder": read_json(encoder / "config.json"),
        "encoder_path": str(encoder),
        "head": run["head"],
        "freeze": run["freeze"],
        "lora": run["lora"],
        "labels": run["data"]["labels"],
        "max_length": run["training"]["max_length"],
    }
