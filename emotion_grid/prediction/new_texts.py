"""Labels for a file of new texts, by a saved model.

Texts are labelled in parts, so that memory stays bounded however long the file is, and a start that was killed goes on where it was.
"""

import csv
import io
import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from emotion_grid.base.digests import digest, file_digest
from emotion_grid.base.environment import set_up_environment
from emotion_grid.base.files import read_json, whole_file, write_json
from emotion_grid.base.integrity import expect_whole
from emotion_grid.base.layout import LABELLING, MODEL_RECORD
from emotion_grid.base.locks import one_at_a_time
from emotion_grid.base.messages import InputError, log
from emotion_grid.data.cleaning import clean

PART = 20_000
"""Texts of a part."""

TOKENS_AT_ONCE = {"cpu": 4096, "cuda": 65536}
"""Tokens, padding included, of one pass through the model."""

PARTS, KEY = ".parts", "key.json"
"""Ending of the folder of finished parts; what they were made from."""


@dataclass(frozen=True)
class NewTexts:
    """A file of texts to label.

    Attributes:
        path: a CSV file with a header.
        column: the column of the texts.

    Raises:
        InputError: there is no such file.
    """

    path: Path
    column: str

    def __post_init__(self) -> None:
        if not self.path.is_file():
            raise InputError(f"{self.path}: expected a CSV file with the texts to label, found none")

    def parts(self, progress: Callable[[int], None]) -> Iterator[list[tuple[str, str]]]:
        """Id and text of each row, in parts; without a column `id` rows have their numbers.

        Args:
            progress: called with the number of bytes read so far.

        Raises:
            InputError: a file that is no table, or a column that it lacks.
        """
        csv.field_size_limit(2**31 - 1)
        with self.path.open("rb") as read, io.TextIOWrapper(read, encoding="utf-8-sig", newline="") as file:
            rows = self._rows(file)
            while part := list(itertools.islice(rows, PART)):
                progress(read.tell())
                yield part

    def _rows(self, file: TextIO) -> Iterator[tuple[str, str]]:
        reader, number = csv.reader(file, strict=True), 0
        try:
            header = next(reader, [])
            if self.column not in header:
                found = ", ".join(header) or "nothing"
                raise InputError(
                    f"{self.path}: expected the column {self.column}, found {found}; name another by --column"
                )
            text, key = header.index(self.column), header.index("id") if "id" in header else None
            for row in reader:
                if row and len(row) != len(header):
                    raise InputError(
                        f"{self.path}, line {reader.line_num}: expected {len(header)} cells, found {len(row)}"
                    )
                if row:
                    number += 1
                    yield str(number) if key is None else row[key], row[text]
        except csv.Error as error:
            raise InputError(f"{self.path}, line {reader.line_num}: expected a CSV table, found: {error}") from None
        except UnicodeDecodeError as error:
            raise InputError(f"{self.path}: expected UTF-8, found {error.reason}; save the file as UTF-8") from None


class Labeller:
    """A saved model that labels texts as its run did, on this machine's device.

    Args:
        folder: a run's `model/`.
        threads: CPU threads.

    Attributes:
        labels: their names.
        thresholds: (labels,).

    Raises:
        InputError: a folder without a model, or one that is not as it was written.
    """

    def __init__(self, folder: Path, threads: int):
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
        self.device, self._clean = find_device(), how["clean"]
        self._model = EmotionClassifier.from_pretrained(folder).to(self.device)
        self._tokenizer = load_tokenizer(folder)
        self._half = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(how["precision"])
        if how["precision"] == "fp16" and self.device.type == "cpu":
            log("the model was trained in fp16, which needs a GPU: it predicts in fp32")
            self._half = None
        self.labels = list(self._model.config.labels)
        self.thresholds = np.array([how["thresholds"][label] for label in self.labels])

    def probabilities(self, texts: list[str]) -> np.ndarray:
        """Float (texts, labels); NaN for a text of which cleaning leaves nothing."""
        cleaned = [clean(text, self._clean) for text in texts]
        places = [place for place, text in enumerate(cleaned) if text.strip()]
        found = np.full((len(texts), len(self.labels)), np.nan)
        if places:
            found[places] = self._predict([cleaned[place] for place in places])
        return found

    def _predict(self, texts: list[str]) -> np.ndarray:
        import torch

        from emotion_grid.features.batches import batches_by_length
        from emotion_grid.model.devices import padding_multiple

        tokens = self._tokenizer(texts, truncation=True, max_length=self._model.config.max_length)
        lengths = np.array([len(ids) for ids in tokens["input_ids"]])
        order, logits = np.argsort(-lengths, kind="stable"), np.empty((len(texts), len(self.labels)))
        for batch in batches_by_length(lengths[order], TOKENS_AT_ONCE[self.device.type]):
            rows = {name: [values[place] for place in order[batch]] for name, values in tokens.items()}
            inputs = self._tokenizer.pad(
                rows, return_tensors="pt", pad_to_multiple_of=padding_multiple(self.device)
            ).to(self.device)
            half = self._half
            with torch.inference_mode(), torch.autocast(self.device.type, dtype=half, enabled=half is not None):
                logits[order[batch]] = self._model(**inputs).logits.float().cpu().numpy()
        return 1 / (1 + np.exp(-logits))


def key_of(texts: NewTexts, model: Path) -> str:
    """What finished parts were made from: the texts, the model and its thresholds."""
    files = [texts.path, model / MODEL_RECORD, model / LABELLING]
    return digest([texts.column, PART, *(file_digest(path) for path in files if path.is_file())])


def label_file(texts: NewTexts, labeller: Labeller, key: str, output: Path, progress: Callable[[int], None]) -> int:
    """Write the labels of all texts as CSV; the number of texts that have none, since they are empty.

    Its columns are `id`, for each label 1 or 0, and for each its probability as `<label>_probability`; empty where there is no text.

    Args:
        key: what the labels are made from; finished parts with another key are made anew.
        output: the file to write; parts stand in a folder beside it until all are there.
        progress: called with the number of bytes read so far.
    """
    parts = output.with_name(output.name + PARTS)
    if not (parts / KEY).is_file() or read_json(parts / KEY) != key:
        shutil.rmtree(parts, ignore_errors=True)
        write_json(parts / KEY, key)
    with one_at_a_time(parts / KEY):
        finished = []
        for number, rows in enumerate(texts.parts(progress)):
            finished.append(parts / f"{number:06d}.csv")
            if not finished[-1].is_file():
                probabilities = labeller.probabilities([text for _, text in rows])
                _write_part(finished[-1], [name for name, _ in rows], probabilities, labeller.thresholds)
        header = ["id", *labeller.labels, *(f"{label}_probability" for label in labeller.labels)]
        empty = _join(finished, header, output)
        shutil.rmtree(parts)
    return empty


def _write_part(path: Path, ids: list[str], probabilities: np.ndarray, thresholds: np.ndarray) -> None:
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for name, row in zip(ids, probabilities, strict=True):
            if np.isnan(row[0]):
                writer.writerow([name, *[""] * (2 * len(row))])
            else:
                writer.writerow([name, *(row >= thresholds).astype(int), *(f"{value:.9g}" for value in row)])


def _join(parts: list[Path], header: list[str], output: Path) -> int:
    """Write all parts as one table; the number of rows without labels."""
    empty = 0
    with whole_file(output) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(header)
        ending = "," * (len(header) - 1) + "\n"
        for path in parts:
            with path.open(encoding="utf-8", newline="") as part:
                for line in part:
                    empty += line.endswith(ending)
                    file.write(line)
    return empty
