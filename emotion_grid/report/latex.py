"""Tables as LaTeX: any text compiles, with pdfLaTeX, too, and no table is wider or higher than its page."""

import itertools
import re
import unicodedata
from collections.abc import Iterable

import numpy as np
import pandas as pd

from emotion_grid.report.cells import is_number, one_line

_BREAK = "\u200b"
"""Where a word may go on in the next line: Unicode's zero-width space."""

_SYMBOLS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\symbol{34}",  # \textquotedbl is no command of LaTeX's first font encoding
    "`": r"\textasciigrave{}",
    "★": r"$\star$",
    "≈": r"$\approx$",
    "±": r"$\pm$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "−": r"$-$",
    "«": r"$\ll$",
    "»": r"$\gg$",
    "„": ",,",
    "‚": ",",
    "[": "{[}",  # after the end of a row a bracket or an asterisk would be read as that command's
    "*": "{*}",
    _BREAK: r"\hspace{0pt}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}

_PLAIN = "ßæÆœŒøØłŁı¡¿–—‘’“”…·£"

_ACCENTS = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327"
"""Letters and accents, beside ASCII, that every engine and font encoding knows."""

_BEYOND = r"""% LuaLaTeX and XeLaTeX show the letters and symbols of all scripts that their font has; pdfLaTeX names symbols and draws a box for a word.
\providecommand{\beyondlatin}[2]{\ifdefined\Umathchar#1\else#2\fi}
\providecommand{\wordbox}{{\setlength{\fboxsep}{0pt}\fbox{\phantom{x}}}}"""

_BOX = r"\wordbox{}"

_PARAGRAPH = r">{\raggedright\arraybackslash}X"

_SIGN = r"(?<![\w.])-(?=\d)"

PAGE_LINES = 38
"""Lines of a table that fit a page with its caption, in a footnote's type."""

LINE, LETTER, GAP = 345, 4.3, 8
"""Points: a line of LaTeX's article, about one letter in a footnote's type, and what is between two columns."""

LONG = 30
"""Letters beyond which a text is a paragraph."""


def latex_cell(text: str) -> str:
    """A text as LaTeX prints it, on one line of the source; words of more than 20 letters may break."""
    text = unicodedata.normalize("NFC", one_line(text))
    text = re.sub(r"[^\s\u200b]{20}(?=[^\s\u200b])|[_/](?=[^\s\u200b])", rf"\g<0>{_BREAK}", text)
    parts = itertools.groupby(text, _is_common)
    found = "".join(
        "".join(_SYMBOLS.get(one, one) for one in part) if common else _beyond(part) for common, part in parts
    )
    return re.sub(r"([-',])(?=\1)", r"\1{}", found)  # two of these would be drawn as one dash or quotation mark


def _is_common(character: str) -> bool:
    """Whether every engine and font encoding has the character or a command for it."""
    return character.isascii() or character in _SYMBOLS or character in _PLAIN or _is_accented(character)


def _beyond(characters: Iterable[str]) -> str:
    """Characters with what stands for them in pdfLaTeX: the names of symbols, one box for a word."""
    word = "".join(characters)
    substitutes = [name for name, _ in itertools.groupby(filter(None, map(_substitute, word)))]
    return rf"\beyondlatin{{{word}}}{{{''.join(substitutes)}}}"


def _is_accented(character: str) -> bool:
    base, *marks = list(unicodedata.normalize("NFD", character))
    return character < "\u0180" and base.isascii() and len(marks) == 1 and marks[0] in _ACCENTS


def _substitute(character: str) -> str:
    """What pdfLaTeX shows: a symbol's name, a box for letters, nothing for a mark on one or for what is invisible."""
    kind = unicodedata.category(character)
    if kind in ("Sk", "Co", "Cn") or kind[0] == "M" or kind == "Cf":
        return ""
    if kind[0] in "SP":
        return f"{{[}}{unicodedata.name(character, 'symbol').lower()}{{]}}"
    return _BOX


def latex_table(table: pd.DataFrame, caption: str, label: str) -> str:
    """A booktabs table of text cells: numbers to the right, words to the left, what is too long for its column on several lines.

    A table of more lines than a page has becomes several, one after the other; one that is wider than a column of a two-column paper
    spans both.
    """
    table = table.astype(str)
    width = _points([min(_longest(table, name), LONG) for name in table.columns])
    columns = {name: _column(table, name, is_wide=width > LINE) for name in table.columns}
    parts = _pages(table, [name for name, kind in columns.items() if kind == _PARAGRAPH])
    floats = []
    for place, part in enumerate(parts, 1):
        words = f"{caption} Part {place} of {len(parts)}." if len(parts) > 1 else caption
        key = label if place == 1 else f"{label}-{place}"
        floats += _float(part, columns, words, key, "table*" if width > LINE / 2 else "table")
    beyond = [_BEYOND] if any(r"\beyondlatin" in line for line in floats) else []
    return "\n".join(["% needs \\usepackage{booktabs, tabularx}", *beyond, *floats]) + "\n"


def _longest(table: pd.DataFrame, name: str) -> int:
    return max(len(name), table[name].str.len().max())


def _points(lengths: list[int]) -> float:
    """About the width of columns of so many letters."""
    return LETTER * sum(lengths) + GAP * (len(lengths) - 1)


def _column(table: pd.DataFrame, name: str, is_wide: bool) -> str:
    """What LaTeX calls the column: long texts are paragraphs, and so are words in a table that is too wide, but for short ones."""
    longest = _longest(table, name)
    if longest > LONG or (is_wide and longest > 8 and not _holds_numbers(table[name])):
        return _PARAGRAPH
    return "r" if table[name].map(is_number).all() else "l"


def _holds_numbers(cells: pd.Series) -> bool:
    """Whether each cell starts with a number; a spread, an interval or a mark may follow it."""
    return cells.str.match(r"[-+]?\d|< |$").all()


def _pages(table: pd.DataFrame, paragraphs: list[str]) -> list[pd.DataFrame]:
    """The rows in parts of at most `PAGE_LINES` lines, by an estimate."""
    fixed = [_longest(table, name) for name in table.columns if name not in paragraphs]
    room = (LINE - _points(fixed)) / max(len(paragraphs), 1) - GAP
    lengths = table[paragraphs].map(len).max(axis=1).fillna(0)
    parts, part, used = [], 0, 0.0
    for lines in np.maximum(1, np.ceil(1.2 * lengths * LETTER / max(room, 5 * LETTER))):
        part, used = (part + 1, lines) if used + lines > PAGE_LINES else (part, used + lines)
        parts.append(part)
    return [rows for _, rows in table.groupby(parts)]


def _float(table: pd.DataFrame, columns: dict[str, str], caption: str, label: str, environment: str) -> list[str]:
    tabular, width = ("tabularx", r"{\linewidth}") if _PARAGRAPH in columns.values() else ("tabular", "")
    signed = {name: table[name].str.replace(_SIGN, "−", regex=True) for name in columns if _holds_numbers(table[name])}
    rows = [table.columns, *table.assign(**signed).itertuples(index=False)]
    head, *body = (" & ".join(map(latex_cell, row)) + r" \\" for row in rows)
    return [
        f"\\begin{{{environment}}}",
        f"\\centering\\footnotesize\\setlength{{\\tabcolsep}}{{{GAP / 2:g}pt}}\\setlength{{\\belowcaptionskip}}{{6pt}}",
        f"\\caption{{{latex_cell(caption)}}}",
        f"\\label{{{label}}}",
        f"\\begin{{{tabular}}}{width}{{{''.join(columns.values())}}}",
        "\\toprule",
        head,
        "\\midrule",
        *body,
        "\\bottomrule",
        f"\\end{{{tabular}}}",
        f"\\end{{{environment}}}",
    ]
