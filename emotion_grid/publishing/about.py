"""What the files of a study do not say of a model, and whoever publishes it has to."""

import re
from dataclasses import dataclass

from emotion_grid.base.messages import InputError

_DATASET_ID = re.compile(r"[\w.-]+/[\w.-]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True)
class About:
    """What is said of a model besides what its run's files say.

    Attributes:
        license: of the model, as the hub writes it: `mit`, `apache-2.0`, `cc-by-4.0`, `other`.
        languages: of its texts, codes of two or three letters (ISO 639).
        dataset: what it was trained and judged on: its name on the hub (`owner/name`), or in words.

    Raises:
        InputError: what the hub would not take.
    """

    license: str
    languages: tuple[str, ...]
    dataset: str

    def __post_init__(self) -> None:
        for language in self.languages:
            if not _LANGUAGE.fullmatch(language):
                raise InputError(
                    f"--language: expected a code of two or three letters such as en or deu, found {language}"
                )
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", self.license):
            raise InputError(
                f"--license: expected a licence as the hub writes it (mit, apache-2.0, cc-by-4.0, other), found {self.license}"
            )
        if not self.dataset.strip():
            raise InputError("--dataset: expected the name of the data set, found nothing")

    @property
    def dataset_id(self) -> str | None:
        """The data set's name on the hub, if it was given."""
        return self.dataset if _DATASET_ID.fullmatch(self.dataset) else None
