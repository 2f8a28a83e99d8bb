"""Pages as a reader sees them: tables and texts, without markup."""

from html.parser import HTMLParser


class _Reader(HTMLParser):
    """Collects the tables of a page, a list of rows of cell texts each, and all its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.text: list[str] = []
        self._cell: list[str] | None = None
        self._hidden = False

    def handle_starttag(self, tag: str, attributes: list) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._cell = []
        elif tag in ("script", "style"):
            self._hidden = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            assert self._cell is not None
            self.tables[-1][-1].append(" ".join(" ".join(self._cell).split()))
            self._cell = None
        elif tag in ("script", "style"):
            self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text.append(data)
            if self._cell is not None:
                self._cell.append(data)


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


def text_of(page: str) -> str:
    """The text of a page, or of a part of it, in one line."""
    return " ".join(" ".join(_read(page).text).split())


def section_of(page: str, name: str) -> str:
    """The markup of a section of the report."""
    return page.split(f'<section id="{name}">')[1].split("</section>")[0]


def table_of(part: str) -> list[dict[str, str]]:
    """The only table of a part of a page: a row a mapping of column titles to cell texts."""
    ((head, *rows),) = _read(part).tables
    return [dict(zip(head, row, strict=True)) for row in rows]
