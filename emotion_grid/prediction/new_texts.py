"""Labels for a file of new texts, by saved models.

Texts are labelled in parts, so that memory stays bounded however long the file is, and a start that was killed goes on where it was.
"""

import dataclasses
import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from emotion_grid.base.digests import digest, file_digest
from emotion_grid.base.files import read_json, whole_file, write_json
from emotion_grid.base.layout import LABELLING
from emotion_grid.base.locks import one_at_a_time
from emotion_grid.data.raw import bytes_digest
from emotion_grid.prediction.labeller import Ensemble, model_weights
from emotion_grid.prediction.reading import NewTexts, Reading
from emotion_grid.prediction.writing import labelled_table, table_writer

PART = 5_000
"""Texts of a part."""

PARTS, KEY = ".parts", "key.json"
"""Ending of the folder of finished parts; what they were made from."""


def key_of(texts: NewTexts, models: list[Path]) -> str:
    """What finished parts were made from: the texts, how they are read, and the models."""
    behind = [model for folder in models for model in model_weights(folder)]
    files = [model / name for model in behind for name in ("config.json", "model.safetensors", LABELLING)]
    files += [folder / LABELLING for folder in models]
    reading = {**dataclasses.asdict(texts), "path": bytes_digest(texts.path)}
    return digest([reading, PART, *(file_digest(path) for path in files)])


def label_file(texts: NewTexts, labeller: Ensemble, key: str, output: Path, progress: Callable[[int], None]) -> int:
    """Write the labels of all texts; the number of texts that have none, since they are empty.

    Args:
        key: what the labels are made from; finished parts with another key are made anew.
        output: the file to write; the probabilities of parts stand in a folder beside it until it is there.
        progress: called with the number of texts labelled so far.
    """
    parts = output.with_name(output.name + PARTS)
    if not (parts / KEY).is_file() or read_json(parts / KEY) != key:
        shutil.rmtree(parts, ignore_errors=True)
        write_json(parts / KEY, key)
    with one_at_a_time(parts / KEY):
        rows, done, empty, table = iter(Reading(texts)), 0, 0, parts / output.name
        with table_writer(table) as write:
            write(labelled_table([], labeller.labels, np.empty((0, len(labeller.labels))), labeller.thresholds))
            for number in itertools.count():
                if not (part := list(itertools.islice(rows, PART))):
                    break
                probabilities = _once(parts / f"{number:06d}.npy", labeller, [text for _, text in part])
                write(labelled_table([id_ for id_, _ in part], labeller.labels, probabilities, labeller.thresholds))
                done, empty = done + len(part), empty + int(np.isnan(probabilities[:, 0]).sum())
                progress(done)
        table.replace(output)
        shutil.rmtree(parts)
    return empty


def _once(path: Path, labeller: Ensemble, texts: list[str]) -> np.ndarray:
    """The probabilities of a part, (texts, labels): computed and kept, or those that an earlier start kept."""
    if not path.is_file():
        with whole_file(path) as partial, partial.open("wb") as file:
            np.save(file, labeller.probabilities(texts), allow_pickle=False)
    return np.load(path, allow_pickle=False)
