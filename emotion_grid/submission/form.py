"""The form in which SemEval-2025 Task 11 takes the answers of Track A, multi-label emotion detection.

A zip archive holds the folder `track_a`, and in it a file `pred_<language>.csv` for each language that is answered: the column `id` and a
column for each emotion of the language, its first letter a capital, with 0 or 1; one row for each text of the language's test file.

Sources: the organisers' samples and checker in their repository emotion-analysis-project/SemEval2025-Task11 (`sample/track_a/pred_eng.csv`,
`sample_submission_files/track_a/pred_amh.csv`; `Evaluation/utils.py` takes a header in this order alone), and for the languages and their
emotions the published test files. Their task page: https://www.codabench.org/competitions/3863.
"""

from emotion_grid.base.messages import InputError

BEST = "best"
"""What stands for the best run by validation where a row is named."""

FOLDER = "track_a"
"""The folder in the archive; the archive is called like it."""

LANGUAGES = tuple(
    "afr amh arq ary chn deu eng esp hau hin ibo kin mar orm pcm ptbr ptmz ron rus som sun swa swe tat tir ukr vmw yor".split()  # noqa: SIM905 - shorter than a list  # codespell:ignore som
)
"""The languages of Track A, by the names of their files."""

EMOTIONS = ("Anger", "Disgust", "Fear", "Joy", "Sadness", "Surprise")

_LACKING = {"afr": "Surprise", "eng": "Disgust"}
"""The emotion for which nobody annotated the texts of a language."""


def emotions_of(language: str) -> list[str]:
    """The emotions of a language, in the order of its columns."""
    return [emotion for emotion in EMOTIONS if emotion != _LACKING.get(language)]


def places_of(language: str, labels: list[str]) -> list[int]:
    """Where each emotion of a language stands among the labels of a study, which may write it in small letters and have others beside it.

    Raises:
        InputError: an emotion that is none of the labels.
    """
    places = {label.casefold(): place for place, label in enumerate(labels)}
    wanted = emotions_of(language)
    if missing := [emotion for emotion in wanted if emotion.casefold() not in places]:
        raise InputError(
            f"data.labels: expected the emotions that the task asks for in {language} ({', '.join(wanted)}), found none for "
            f"{', '.join(missing)}"
        )
    return [places[emotion.casefold()] for emotion in wanted]


def header_of(language: str) -> list[str]:
    """The columns of the file of a language."""
    return ["id", *emotions_of(language)]


def file_of(language: str) -> str:
    """The path of the file of a language in the archive."""
    return f"{FOLDER}/pred_{language}.csv"
