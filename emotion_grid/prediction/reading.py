"""Files of new texts, of every form that training data may have, read row by row."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from emotion_grid.base.messages import InputError
from emotion_grid.data.forms import Form
from emotion_grid.data.mapping import COLUMN, Mapping, missing_columns
from emotion_grid.data.problems import WHOLE_CHARACTERS, Problem, explain, half_character, listed, wrong_width
from emotion_grid.data.sources import stream_source


@dataclass(frozen=True)
class NewTexts:
    """Where new texts stand.

    Attributes:
        path: a file, or a folder that `datasets` saved.
        text: the column of the texts, or a template with columns' names in braces.
        id: the column of the ids; None for the column `id`, or for the rows' numbers if there is none.
        form: what of the file's form is not to be recognised.
    """

    path: Path
    text: str = "text"
    id: str | None = None
    form: Form = field(default_factory=Form)

    def check(self) -> tuple[int, str]:
        """Read every row: how many there are, and the file's form in words.

        Raises:
            InputError: a file that is no table, a column that it lacks, or rows that cannot be read: the first 20 and their number.
        """
        reading = Reading(self)
        rows = sum(1 for _ in reading)
        if reading.problems:
            raise InputError(explain(self.path, reading.problems))
        return rows, reading.form


class Reading:
    """Id and text of each row of new texts, one after the other; rows that cannot be read are left out.

    Attributes:
        form: how the file is read, in words.
        problems: of the rows that were read so far.

    Raises:
        InputError: a file that is no table, or a column that it lacks.
    """

    def __init__(self, texts: NewTexts):
        stream = stream_source(texts.path, texts.form)
        self.form, self.problems, self._rows, self._columns = stream.form, list[Problem](), stream.rows, stream.columns
        self._id = "id" if texts.id is None and "id" in stream.columns else texts.id
        self._text = texts.text
        if missing := missing_columns(stream.columns, Mapping((), self._id, texts.text), gold=False):
            option = "--id" if missing[0] == texts.id else "--text"
            found = listed(stream.columns)
            raise InputError(f"{texts.path}: expected the column {missing[0]}, found {found}; name another by {option}")

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for number, (line, values) in enumerate(self._rows, 1):
            cells = dict(zip(self._columns, values, strict=False))
            id_ = str(number) if self._id is None else cells.get(self._id, "")
            if len(values) != len(self._columns):
                self.problems.append(wrong_width(number, id_, values, self._columns, line))
                continue
            text = self._text_of(cells)
            halves = {self._id or "id": half_character(id_), self._text: half_character(text)}
            wrong = [Problem(number, id_, column, WHOLE_CHARACTERS, half) for column, half in halves.items() if half]
            self.problems += wrong
            if not wrong:
                yield id_, text

    def _text_of(self, cells: dict[str, str]) -> str:
        if self._text in cells:
            return cells[self._text]
        return COLUMN.sub(lambda found: cells[found[1]], self._text)
