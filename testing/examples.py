"""Adding the examples of docs/extending.md to a copy of the project, as the page shows them."""

import re
from pathlib import Path

from testing.tiny import PROJECT

PAGE = PROJECT / "docs" / "extending.md"
BLOCK = re.compile(r"^```(python|html|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def add_example(folder: Path, section: str, *leaving: str) -> None:
    """Write and change the files that a section of the page shows, except `leaving`.

    Args:
        folder: the copy of the project.
    """
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    for language, block in BLOCK.findall(text):
        first, rest = block.split("\n", 1)
        name = first.strip("{#+} ")
        if name in leaving:
            continue
        path = folder / name
        assert path.is_file() == (language == "diff"), f"docs/extending.md: a new file or a changed one? {name}"
        content = changed(rest, path.read_text(encoding="utf-8")) if language == "diff" else block
        path.write_text(content, encoding="utf-8")


def changed(block: str, text: str) -> str:
    """A file's text after the changes of a block: lines with + are added, lines with - removed, the others stand there already."""
    for hunk in block.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        assert {line[0] for line in lines} <= {"+", "-", " "}
        before, after = ("".join(line[1:] for line in lines if line[0] != sign) for sign in "+-")
        assert text.count(before) == 1, f"docs/extending.md: expected once in the file\n{before}"
        text = text.replace(before, after)
    return text
