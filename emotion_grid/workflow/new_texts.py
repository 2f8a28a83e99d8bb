"""The file of new texts that a config names, and where their labels go."""

import shlex
from pathlib import Path
from typing import Any

from emotion_grid.base.layout import LABELLED, LABELLING, run_folder
from emotion_grid.base.messages import InputError
from emotion_grid.data.splits import MODEL_FILES


def new_texts_file(config: dict[str, Any]) -> Path:
    """The file of new texts.

    Args:
        config: Snakemake's.

    Raises:
        InputError: the config names none, or it is not there.
    """
    if "new_texts" not in config:
        raise InputError(
            "new_texts: expected a file of texts to label, found none in the config; name it: snakemake label --config new_texts=texts.csv"
        )
    path = Path(config["new_texts"]).expanduser()
    if not path.exists():
        raise InputError(f"new_texts: expected a file of texts to label, found nothing at {path}")
    return path


def labels_file(home: Path, run: str, texts: Path) -> Path:
    """The file of the labels that a run gives to new texts.

    Args:
        home: the experiment's folder of results.

    Raises:
        InputError: the run's model was not kept.
    """
    model = run_folder(home, run) / MODEL_FILES[0]
    if not (model.parent / LABELLING).is_file():
        raise InputError(
            f"label: expected the model of {run} at {model}, found none. With keep_models: best, these commands train it again and label: "
            f"{shlex.join(['snakemake', str(model)])}; snakemake label -R keep_models"
        )
    return home / LABELLED / run / f"{Path(texts.name.removesuffix('.gz')).stem}.csv"
