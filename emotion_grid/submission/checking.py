"""Reading a submission back, as the task would, before it is called done."""

import csv
import io
import zipfile
from pathlib import Path

from emotion_grid.base.messages import InputError
from emotion_grid.data.predicted import check_ids
from emotion_grid.data.problems import Problem, explain, listed, visible
from emotion_grid.submission.form import file_of, header_of


def check_archive(path: Path, ids: dict[str, list[str]]) -> None:
    """Refuse an archive that the task would not take as a whole.

    Args:
        ids: of the texts of each language's test file, in its order.

    Raises:
        InputError: other files than those of the languages, or all that is wrong with a file.
    """
    files = {file_of(language): language for language in ids}
    with zipfile.ZipFile(path) as archive:
        if sorted(archive.namelist()) != sorted(files):
            raise InputError(f"{path}: expected the files {listed(files)}, found {listed(archive.namelist())}")
        contents = {name: archive.read(name) for name in files}
    for name, language in files.items():
        check_file(contents[name], language, ids[language], name)


def check_file(content: bytes, language: str, ids: list[str], name: str) -> None:
    """Refuse a file that does not answer each text of a language's test file once, in the task's form.

    Args:
        ids: of the test file, in its order.
        name: what the message calls the file.

    Raises:
        InputError: what is wrong.
    """
    columns, *rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)) or [[]]
    if columns != header_of(language):
        raise InputError(
            f"{name}: expected the columns {listed(header_of(language))} in this order, found {listed(columns)}"
        )
    if problems := _problems(columns, rows):
        raise InputError(explain(name, problems))
    found = [row[0] for row in rows]
    check_ids(found, ids, name)
    for number, (here, there) in enumerate(zip(found, ids, strict=True), 1):
        if here != there:
            problem = Problem(
                number, here, "id", f"the rows in the order of the test file ({visible(there)})", "another"
            )
            raise InputError(explain(name, [problem]))


def _problems(columns: list[str], rows: list[list[str]]) -> list[Problem]:
    """Rows that are too short or too long, ids that stand twice, and cells other than 0 and 1."""
    problems: list[Problem] = []
    first: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        if len(row) != len(columns):
            problems.append(Problem(number, "", None, f"{len(columns)} cells", str(len(row))))
            continue
        if first.setdefault(row[0], number) != number:
            expected, found = "ids that are unique", f"the id of row {first[row[0]]} again"
            problems.append(Problem(number, row[0], "id", expected, found))
        for column, cell in zip(columns[1:], row[1:], strict=True):
            if cell not in ("0", "1"):
                problems.append(Problem(number, row[0], column, "0 or 1", visible(cell) or "nothing"))
    return problems
