"""Cells as other people's programs take them: texts are escaped for CSV and Markdown."""

import csv
import io
import re
import unicodedata
from typing import Any

import pandas as pd

_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def one_line(text: str) -> str:
    """A text without line breaks, control characters and marks that change the direction of what follows it."""
    visible = "".join(" " if unicodedata.category(mark) in ("Cc", "Zl", "Zp") else mark for mark in text)
    return " ".join(_DIRECTIONS.sub("", visible).split())


def csv_cell(value: Any) -> Any:
    """A cell of a table that a person opens: a text that a spreadsheet would take for a formula starts with an apostrophe."""
    if isinstance(value, str) and value.lstrip("\ufeff\u200b").lstrip()[:1] in (
        "=",
        "+",
        "-",
        "@",
        "＝",
        "＋",
        "－",
        "＠",
    ):
        return f"'{value}"
    return f"'{value}" if isinstance(value, str) and value[:1] in ("\t", "\r", "\n") else value


def csv_text(rows: list[dict]) -> str:
    """Rows as a CSV table for a person: nothing in it is a formula; numbers of six digits."""
    if not rows:
        return ""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(csv_cell(name) for name in rows[0])
    for row in rows:
        writer.writerow(f"{value:.6g}" if isinstance(value, float) else csv_cell(value) for value in row.values())
    return file.getvalue()


def markdown_cell(text: str) -> str:
    """A text as Markdown shows it, on one line: what would be markup or HTML is escaped."""
    return (
        re.sub(r"([\\`*_{}\[\]()<>#+!|~$&=:@-])", r"\\\1", one_line(text)).replace("\\<", "&lt;").replace("\\>", "&gt;")
    )


def markdown_table(table: pd.DataFrame, caption: str) -> str:
    """A table in GitHub's Markdown, below its caption."""
    rules = ["---:" if table[name].map(is_number).all() else "---" for name in table.columns]
    rows = [[markdown_cell(str(cell)) for cell in row] for row in (table.columns, *table.itertuples(index=False))]
    lines = [rows[0], rules, *rows[1:]]
    return f"{markdown_cell(caption)}\n\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def is_number(cell: Any) -> bool:
    """Whether a cell holds a number and nothing else, or nothing."""
    return re.fullmatch(r"[-−+]?[\d.,]*", str(cell)) is not None
