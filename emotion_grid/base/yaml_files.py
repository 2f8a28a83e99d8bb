"""YAML files. What YAML 1.1 would read otherwise than a person is refused, and so is a key that stands twice."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from emotion_grid.base.messages import InputError

_TAG = "tag:yaml.org,2002:"

_PLAIN = {
    "str": r"(?s:.*)",
    "null": r"(?s:.*)",
    # No other notation is read as a person means it: 010 is 8, 12:30 is 750, 0x1F is 31 and 0b11 is 3 in YAML 1.1. In 1_000 both mean the
    # same, but YAML 1.2 reads text there. Whoever wrote one of them knows which number is meant, so they are refused rather than guessed at.
    # 18 digits are more than any value needs; Python refuses to read 4300.
    "int": r"[-+]?(0|[1-9][0-9]{0,17})",
    "float": r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    # yes, no, on and off are words of many languages, and names that people give to labels and encoders.
    "bool": r"true|True|TRUE|false|False|FALSE",
}
"""The notations in which YAML and people read the same, by the name of the value's kind. A kind that is not listed is refused."""


def load_yaml(path: str | Path) -> Any:
    """The value in a YAML file."""
    return yaml.safe_load(read_utf8(path))


def read_utf8(path: str | Path) -> str:
    """The text of a file.

    Raises:
        InputError: the file cannot be read, or is not encoded in UTF-8.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: expected a file that can be read, found none ({error.strerror})") from None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        guess = "UTF-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "Latin-1 or Windows-1252"
        raise InputError(
            f"{path}, line {line}: expected text in UTF-8, found the byte 0x{content[error.start]:02x} (as in {guess}); save the file as UTF-8"
        ) from None


def read_yaml(text: str, name: str, free: str | None = None) -> Any:
    """The value in a YAML text, after a check that YAML reads the text as a person does.

    Args:
        text: the text.
        name: what messages call it.
        free: the beginning of top-level keys whose values are not checked.

    Raises:
        InputError: the text is no YAML, refers to itself, or has keys or values that YAML reads otherwise than a person; a line each.
    """
    try:
        node = yaml.compose(text, yaml.SafeLoader)
        found = [] if node is None else list(_loops(node, (), set())) or list(_problems(node, "", set(), free))
        if not found:
            return yaml.safe_load(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        character = text[error.position]
        raise InputError(f"{name}, line {line}: expected text, found the character {character!r}; remove it") from None
    except yaml.MarkedYAMLError as error:
        raise InputError(f"{name}, {_explain(error)}") from None
    except ValueError as error:
        raise InputError(f"{name}: expected values that can be read, found one that cannot: {error}") from None
    except RecursionError:
        raise InputError(f"{name}: expected a few levels of values, found hundreds inside one another") from None
    raise InputError("\n".join(f"{name}, {problem}" for problem in found))


def _explain(error: yaml.MarkedYAMLError) -> str:
    """A mistake in YAML's grammar, in words."""
    mark = error.problem_mark or error.context_mark
    assert mark is not None
    where, problem = f"line {mark.line + 1}", str(error.problem or error.context)
    if "'\\t'" in problem:
        return f"{where}: expected spaces, found a tab; YAML allows none here"
    if "cannot start any token" in problem:
        return f"{where}: expected YAML, {problem}; put the text in quotes"
    if "mapping values are not allowed" in problem:
        return f"{where}: expected one `key: value`, found another colon; put text with a colon in quotes, or correct the indentation"
    begun = f" {error.context} (begun on line {error.context_mark.line + 1}):" if error.context_mark else ""
    return f"{where}: expected YAML, found a mistake:{begun} {problem}; correct it here or above"


def _loops(node: yaml.Node, above: tuple[int, ...], done: set[int]) -> Iterator[str]:
    """The value that contains itself through an alias, if there is one."""
    if id(node) in above:
        yield f"{_line(node)}: expected a value that ends, found one that contains itself (an alias inside its own anchor); write it out"
    elif id(node) not in done:
        done.add(id(node))
        children = node.value if isinstance(node, yaml.CollectionNode) else []
        for child in children:
            for part in child if isinstance(child, tuple) else (child,):
                yield from _loops(part, (*above, id(node)), done)


def _problems(node: yaml.Node, path: str, seen: set[int], free: str | None = None) -> Iterator[str]:
    """What is odd in a value and below; each value once, however many aliases it has."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yield from _problems_of_keys(node, path)
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                yield from _problems(value, path, seen, free)
            elif free is None or not str(key.value).startswith(free):
                yield from _problems(value, f"{path}.{key.value}".lstrip("."), seen)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _problems(item, f"{path}[{number}]", seen)
    if not isinstance(node, yaml.ScalarNode):
        if node.tag not in (f"{_TAG}map", f"{_TAG}seq"):
            yield f"{_line(node)}: {_named(path)}expected a plain value, found the tag {_tag(node)}; remove it"
    elif not _is_plain(node):
        yield f"{_line(node)}: {_named(path)}{_odd(node)}"


def _problems_of_keys(node: yaml.MappingNode, path: str) -> Iterator[str]:
    """Keys of a mapping that are no text, and keys that stand twice: YAML itself would silently keep the last value."""
    names = set()
    for key, _ in node.value:
        if key.tag == f"{_TAG}merge":
            continue
        if key.tag != f"{_TAG}str":
            shown = _shown(key)
            read = "" if shown == _read(key) else f", which YAML reads as {_read(key)}"
            yield f"{_line(key)}: {_named(path)}expected keys that are text, found {shown}{read}; write a name, in quotes if need be"
        elif key.value in names:
            yield f"{_line(key)}: the key {key.value} stands twice in one mapping; give each a name of its own"
        names.add(str(key.value))


def _is_plain(node: yaml.ScalarNode) -> bool:
    """Whether a person and YAML read the same in a scalar."""
    pattern = _PLAIN.get(node.tag.removeprefix(_TAG))
    return pattern is not None and re.fullmatch(pattern, node.value) is not None


def _odd(node: yaml.ScalarNode) -> str:
    """What was expected in place of a scalar that is not plain, what was found, and what to do."""
    kind = node.tag.removeprefix(_TAG)
    if kind == "bool":
        return (
            f"expected true, false or text, found {node.value}, which YAML reads as {_read(node)}; put text in quotes"
        )
    if kind == "timestamp":
        return f"expected text or a number, found {node.value}, which YAML reads as a date; put it in quotes"
    if kind not in ("int", "float"):
        return f"expected a plain value, found the tag {_tag(node)}; remove it, or put text in quotes"
    digits = node.value.lstrip("+-")
    if len(digits) > 18 and digits.isdecimal():
        return f"expected a number of at most 18 digits, found {_shown(node)} ({len(digits)} digits)"
    return (
        f"expected a number in plain decimal digits, found {_shown(node)}, which YAML reads as {_read(node)}; write the number that is "
        "meant, or put text in quotes"
    )


def _read(node: yaml.Node) -> str:
    """What YAML makes of a value, in words."""
    kinds = {"seq": "a list", "map": "a mapping", "timestamp": "a date", "null": "nothing"}
    kind = node.tag.removeprefix(_TAG)
    if kind not in ("int", "float", "bool"):
        return kinds.get(kind, f"a value of kind {kind}")
    constructor = yaml.constructor.SafeConstructor()
    try:
        return str(constructor.construct_object(node)).lower()
    except ValueError:
        return "no number"


def _shown(node: yaml.Node) -> str:
    """A value as it was written, cut where it is long."""
    if not isinstance(node, yaml.ScalarNode):
        return _read(node)
    return node.value or "nothing" if len(node.value) <= 40 else f"{node.value[:37]}..."


def _tag(node: yaml.Node) -> str:
    """A tag as people write it."""
    return str(node.tag).replace(_TAG, "!!")


def _line(node: yaml.Node) -> str:
    return f"line {node.start_mark.line + 1}"


def _named(path: str) -> str:
    return f"{path}: " if path else ""
