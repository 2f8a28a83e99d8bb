"""The test files that a submission to SemEval-2025 Task 11 answers."""

from collections.abc import Iterable
from pathlib import Path

from emotion_grid.base.layout import set_of
from emotion_grid.base.messages import InputError
from emotion_grid.plan.inputs import raw_files
from emotion_grid.plan.plan import Plan
from emotion_grid.submission.form import BEST, LANGUAGES, places_of
from emotion_grid.workflow.part import Part


def submitted_tests(parts: Iterable[Part], wanted: str) -> dict[str, tuple[Part, Path]]:
    """The part of a study that answers each language, and its test file; sets that unite others have no file of their own.

    Args:
        wanted: the row that answers, as the config names it.

    Raises:
        InputError: a part without a test file, whose language is unknown or stands twice, or that lacks an emotion or the row.
    """
    found: dict[str, tuple[Part, Path]] = {}
    for part in parts:
        if part.is_united:
            continue
        name = set_of(part.experiment)
        try:
            language, test = _language(part, name)
            if language in found:
                other = set_of(found[language][0].experiment)
                raise InputError(f"expected one data set for each language, found {language} in {other}, too")
            if part.plan is not None:
                places_of(language, part.plan.settings["labels"])
                _check_row(part.plan, wanted)
        except InputError as error:
            raise InputError(f"submission{', data set ' if name else ''}{name}: {error}") from None
        found[language] = part, test
    return found


def _language(part: Part, name: str) -> tuple[str, Path]:
    """The language of a part, by the name of its test file or its own, and the file."""
    test = raw_files(part.raw).get("test")
    if test is None:
        raise InputError("expected the task's test file under data.test, found none")
    names = (Path(test.name.removesuffix(".gz")).stem, name)
    for language in names:
        if language in LANGUAGES:
            return language, test
    raise InputError(
        f"expected a test file that is called like a language of SemEval-2025 Task 11 ({', '.join(LANGUAGES)}), found {test}"
    )


def _check_row(plan: Plan, wanted: str) -> None:
    """Refuse a row that the tables will not have."""
    others = {row.columns["encoder"] for row in plan.rows.values()} | set(plan.settings["compare"])
    if wanted != BEST and wanted not in {*plan.runs, *plan.rows, *others}:
        names = ", ".join(sorted(others)) or "none"
        raise InputError(
            f"expected {BEST}, a run of this grid (a folder under runs/) or another row ({names}), found {wanted}"
        )
