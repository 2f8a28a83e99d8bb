"""A classifier's folder that holds all of its weights, the encoder's too: it loads without the encoder's own folder, from a hub, say."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModel

from emotion_grid.base.messages import InputError
from emotion_grid.model.anatomy import examine
from emotion_grid.model.classifier import EmotionClassifier, EmotionConfig
from emotion_grid.model.encoder import Pretrained, settle
from emotion_grid.model.saved import DESCRIBED, write_model

FILES = ("*.json", "*.safetensors")
"""What is read of a model on the hub."""

LONGEST = 300
"""Characters of a library's message that are shown."""


def save_whole(model: EmotionClassifier, folder: Path) -> None:
    """Write config.json and model.safetensors with all weights.

    Args:
        model: without adapters, or with adapters that were merged.
    """
    description = {key: getattr(model.config, key) for key in DESCRIBED}
    own = {key: value for key, value in model.config.encoder.items() if key != "_name_or_path"}  # somebody's folder
    write_model(folder, model.state_dict(), {**description, "encoder": own, "encoder_path": ""})


def download(name: str, revision: str) -> Path:
    """The folder of a published model, fetched from the hub at one commit, or found in the cache of `huggingface_hub`.

    Raises:
        InputError: there is no such model, or no connection.
    """
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(FILES)))
    except Exception as error:  # the hub's client lets its HTTP library's errors through
        reason = (str(error).splitlines() or ["no message"])[0]
        raise InputError(
            f"{name}: expected a model on the hub at revision {revision}, found {error.__class__.__name__}: {reason}"
        ) from error


def load_whole(config: EmotionConfig, folder: Path) -> EmotionClassifier:
    """The classifier that `save_whole` wrote, in evaluation mode.

    Raises:
        InputError: weights of another model, or an encoder that transformers does not know.
    """
    try:
        weights = load_file(folder / "model.safetensors")
        model = EmotionClassifier(config, _build_encoder(config.encoder, weights))
        model.load_state_dict(weights)
    except InputError:
        raise
    except Exception as error:  # whatever transformers, safetensors and torch raise
        reason = " ".join(str(error).split())[:LONGEST]
        raise InputError(
            f"{folder}: expected all weights of a model that transformers can load, found {error.__class__.__name__}: {reason}"
        ) from error
    return model.eval()


def _build_encoder(config: dict, weights: dict[str, torch.Tensor]) -> Pretrained:
    """The encoder that its own config describes, as `load_model` loads one, examined with its weights.

    Args:
        weights: the classifier's, by their names there.
    """
    shape = AutoConfig.for_model(**config)
    settle(shape)
    whole = AutoModel.from_config(shape, trust_remote_code=False, dtype=torch.float32)
    encoder = whole.get_encoder() if shape.is_encoder_decoder else whole
    encoder.config.get_text_config().use_cache = False  # no text is continued
    prefix = f"{EmotionClassifier.base_model_prefix}."
    own = {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}
    encoder.load_state_dict(own, strict=False)  # what is missing or left over is refused with the head's
    encoder.eval()
    return Pretrained(encoder, examine(encoder))
