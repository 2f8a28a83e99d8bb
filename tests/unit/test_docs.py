"""The documentation: lines that fit, links that lead somewhere, and names of commands and files that exist."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")])
LONGEST_LINE = 140

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
MAKE = re.compile(r"(?:^|[;&|:(])\s*(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)", re.MULTILINE)
MODULE = re.compile(r"python -m ((?:scripts|benchmarks|tests|emotion_grid)[\w.]*)")


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def commands(page: Path) -> str:
    """The code of a page, in blocks and within lines; one piece a line."""
    blocks = FENCE.findall(page.read_text(encoding="utf-8"))
    return "\n".join([*blocks, *INLINE.findall(prose(page))])


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a Markdown text."""
    found: dict[str, int] = {}
    names = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        name = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        number = found.get(name, 0)
        found[name] = number + 1
        names.add(f"{name}-{number}" if number else name)
    return names


def generated() -> list[str]:
    """Folders that only commands make, from .gitignore."""
    lines = (PROJECT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return [line.strip("/") for line in lines if line]


def repository_paths(page: Path) -> list[str]:
    """Inline code of a page that looks like a path of the repository, without what only commands make."""
    tops = {path.name for path in PROJECT.iterdir() if path.is_dir()}
    names = [name for name in INLINE.findall(prose(page)) if re.fullmatch(r"[\w.*+/-]+", name)]
    names = [name.rstrip("/") for name in names if "/" in name and name.split("/")[0] in tops]
    return [name for name in names if not any(f"{name}/".startswith(f"{made}/") for made in generated())]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_fit(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    long = [
        f"{page.name}:{number}" for number, line in enumerate(lines, 1) if len(line) > LONGEST_LINE and line[:1] != "|"
    ]
    assert not long


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page):
    targets = re.findall(r"^([a-z][a-z-]*):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    text = commands(page)
    assert set(MAKE.findall(text)) <= set(targets)
    for name in MODULE.findall(text):
        place = PROJECT.joinpath(*name.split("."))
        assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file(), f"{page.name}: {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_exist(page):
    assert [name for name in repository_paths(page) if not list(PROJECT.glob(name))] == []


def test_the_checks_see_what_they_are_for(tmp_path):
    """A page with one fault of each kind, and the same words where they are no fault."""
    page = tmp_path / "page.md"
    page.write_text(
        "# A b's C, d\n\n## Same\n\n## Same\n\nSee [this](gone.md#x) and `scripts/gone.py`, `containers/image/x.sif`, `a/b`; make peace.\n"
        "`make gone`\n\n```sh\ncd x && FULL=1 make test    # or: make container\npython -m scripts.gone --help   # scripts/other.py\n# No heading\n```\n"
    )
    assert anchors(page.read_text()) == {"a-bs-c-d", "same", "same-1"}
    assert LINK.findall(prose(page)) == ["gone.md#x"]
    assert sorted(MAKE.findall(commands(page))) == ["container", "gone", "test"]
    assert MODULE.findall(commands(page)) == ["scripts.gone"]
    assert repository_paths(page) == ["scripts/gone.py"]


def test_targets_stand_before_options_that_take_every_word_behind_them():
    """Fault: `snakemake --configfile x paper` reads `paper` as a second config file."""
    configs = [path.read_text(encoding="utf-8") for path in sorted((PROJECT / "config").glob("*.yaml"))]
    lines = [line for text in [*map(commands, PAGES), *configs] for line in text.splitlines()]
    starts = [re.sub(r"\s#.*|<[^>]*>", "", line.lstrip("# ")).split() for line in lines if "snakemake " in line]
    behind = [words[place + 2 :] for words in starts for place, word in enumerate(words) if word == "--configfile"]
    assert len(behind) >= 8
    assert [words for words in behind if words and not words[0].startswith("-")] == []
