"""The files that an encoder consists of. Weights come as safetensors; nothing that is pickled or executed is ever taken."""

import functools
from pathlib import Path

from emotion_grid.base.digests import digest, file_digest
from emotion_grid.base.messages import InputError

ENCODER_FILES = (
    "config.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "model-*-of-*.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "bpe.codes",
    "*.model",
)
"""The files an encoder is made of. Weights come as safetensors; nothing that is pickled or executed is ever taken."""


def folder_files(folder: Path) -> list[Path]:
    """The encoder's files in a folder, sorted by name.

    Raises:
        InputError: no folder, no config.json, or no safetensors weights.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder with an encoder, found none")
    files = sorted({file for pattern in ENCODER_FILES for file in folder.glob(pattern) if file.is_file()})
    names = {file.name for file in files}
    if "config.json" not in names:
        raise InputError(f"{folder}: expected config.json, found none")
    if not any(name.endswith(".safetensors") for name in names):
        raise InputError(
            f"{folder}: expected weights as model.safetensors, found none (pickled weights such as pytorch_model.bin are not loaded)"
        )
    return files


@functools.cache
def folder_digest(folder: Path) -> str:
    """Digest of an encoder's folder: names and contents of its files."""
    return digest({file.name: file_digest(file) for file in folder_files(folder)})
