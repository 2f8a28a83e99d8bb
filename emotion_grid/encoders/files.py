"""The files that an encoder consists of. Weights come as safetensors; nothing that is pickled or executed is ever taken."""

import functools
from pathlib import Path

from emotion_grid.base.digests import digest, file_digest
from emotion_grid.base.files import read_json
from emotion_grid.base.kept import kept_digest
from emotion_grid.base.messages import InputError

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
"""The weights in one file; of weights in several, what says which file holds which."""

ENCODER_FILES = (
    "config.json",
    WEIGHTS,
    INDEX,
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
        InputError: no folder, no config.json, or safetensors weights that are not there, or not all of them.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder with an encoder, found none")
    files = {file for pattern in ENCODER_FILES for file in folder.glob(pattern) if file.is_file()}
    names = {file.name for file in files}
    if "config.json" not in names:
        raise InputError(f"{folder}: expected config.json, found none")
    if INDEX in names and WEIGHTS not in names:
        parts = {folder / name for name in parts_of(folder / INDEX)}
        if missing := sorted(part.name for part in parts if not part.is_file()):
            raise InputError(f"{folder}: expected the weights that {INDEX} names, found no {missing[0]}")
        files |= parts
    if not any(file.suffix == ".safetensors" for file in files):
        others = sorted(file.name for file in folder.glob("*.safetensors"))
        raise InputError(
            f"{folder}: expected weights as {WEIGHTS}, found {', '.join(others) or 'none'} (pickled weights such as pytorch_model.bin are not "
            f"loaded{f'; rename what holds the weights to {WEIGHTS}' if others else ''})"
        )
    return sorted(files)


def parts_of(index: Path) -> list[str]:
    """The names of the files that an index says weights are in.

    Raises:
        InputError: an index that names something else than safetensors files beside it.
    """
    try:
        names = sorted({str(name) for name in read_json(index)["weight_map"].values()})
    except (AttributeError, KeyError, TypeError):
        names = []
    if odd := [name for name in names if Path(name).name != name or not name.endswith(".safetensors")]:
        raise InputError(f"{index}: expected names of safetensors files beside it, found {odd[0]}")
    if not names:
        raise InputError(f"{index}: expected weight_map, which says in which file each weight is, found none")
    return names


@functools.cache
def folder_digest(folder: Path, cache: Path | None = None) -> str:
    """Digest of an encoder's folder: names and contents of its files.

    Args:
        cache: the folder of what experiments share, where digests of large files are kept; None keeps none.
    """
    files = folder_files(folder)
    return digest({file.name: kept_digest(file, cache) if cache else file_digest(file) for file in files})
