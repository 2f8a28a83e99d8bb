"""Names of the splits, and of the files that a finished run leaves."""

from pathlib import Path

SPLITS = ("validation", "dev", "test")
"""The splits that get predictions; one that a study does not have is a table without rows. Training reads `train` besides."""

ADDED = "added"
"""The table of rows of another data set that training reads besides, where a run has such rows."""

PREDICTIONS, HISTORY, PROVENANCE, MODEL = "predictions", "history.csv", "provenance.json", "model"
"""Folder of prediction tables; a row for each epoch; where and how a run was trained; folder of its model."""

RESULT_FILES = (*(f"{PREDICTIONS}/{split}.csv" for split in SPLITS), HISTORY, PROVENANCE)
"""What a finished run has, whatever its spec."""

BASELINE_FILES = RESULT_FILES[: len(SPLITS)]

MODEL_FILES = (f"{MODEL}/model.safetensors",)
"""What a run whose model was asked for has besides."""


INPUTS = "inputs.json"
"""Where a run's job finds what it reads: folders of the prepared splits and in the cache."""


def predictions_file(folder: Path, split: str) -> Path:
    """The prediction table of a split.

    Args:
        folder: the folder of a run, or of another row of the tables.
    """
    return folder / PREDICTIONS / f"{split}.csv"


def predicted_texts(folder: Path, key: str) -> Path:
    """The file that says of which texts of dev and test a run's predictions are; there once they are whole.

    Args:
        folder: the run's folder.
        key: the name of the texts.
    """
    return folder / PREDICTIONS / f"texts-{key}.json"


def missing_files(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """Which of a result's files are not there."""
    return [path for path in (folder / name for name in names) if not path.is_file()]
