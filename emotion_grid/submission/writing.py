"""Writing a submission: a file for each language, and the archive that holds them."""

import csv
import io
import zipfile
from pathlib import Path

from emotion_grid.base.files import whole_folder
from emotion_grid.submission.answers import Answers
from emotion_grid.submission.checking import check_archive
from emotion_grid.submission.form import FOLDER, file_of, header_of, places_of

_DATE = (2025, 1, 1, 0, 0, 0)
"""The time of the files in the archive: equal answers give an equal archive."""


def write_submission(answers: dict[str, Answers], target: Path) -> None:
    """Write `track_a/pred_<language>.csv` and `track_a.zip` into a folder, which appears only once the archive is read back and right.

    Args:
        answers: of each language.

    Raises:
        InputError: labels that are not those of a language, or an archive that the task would not take.
    """
    contents = {file_of(language): content_of(language, own) for language, own in answers.items()}
    with whole_folder(target) as folder:
        (folder / FOLDER).mkdir()
        path = folder / f"{FOLDER}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in contents.items():
                (folder / name).write_bytes(content)
                archive.writestr(zipfile.ZipInfo(name, _DATE), content, zipfile.ZIP_DEFLATED)
        check_archive(path, {language: own.ids for language, own in answers.items()})


def content_of(language: str, answers: Answers) -> bytes:
    """The file of a language.

    Raises:
        InputError: an emotion of the language that is no label of the study.
    """
    given = answers.given[:, places_of(language, answers.labels)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header_of(language))
    writer.writerows([id_, *row] for id_, row in zip(answers.ids, given.tolist(), strict=True))
    return text.getvalue().encode("utf-8")
