"""Digests of programs and of the locked packages."""

import ast
import functools
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import digest
from emotion_grid.base.layout import PROJECT
from emotion_grid.base.requirements import requirements_digest

ENCODING = ("scripts.tokenize_texts", "scripts.encode")
"""The programs that decide tokens and features."""

TRAINING = (*ENCODING, "scripts.train")
"""The programs that decide what a run predicts, beside those that prepare its data."""


@functools.cache
def program_digest(*modules: str) -> str:
    """Digest of what programs do: their syntax trees and those of the project's modules that they import, wherever they stand.

    Comments, blanks and docstrings are left out, and the digest is the same under every Python that runs the project.
    """
    pending, trees = list(modules), {}
    while pending:
        name = pending.pop()
        path = _module_path(name)
        if name in trees or path is None:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        trees[name] = _outline(tree)
        pending += _imports(tree)
    return digest(trees)


def _module_path(name: str) -> Path | None:
    base = PROJECT.joinpath(*name.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def _imports(tree: ast.AST) -> list[str]:
    """Names of the project's modules that a tree imports; `from package import name` may name a module or not."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in found if name.split(".")[0] == "scripts"]


def _outline(node: Any) -> Any:
    """A syntax tree as plain lists: empty fields and docstrings left out, so that it holds across Python's versions."""
    if isinstance(node, list):
        return [_outline(item) for item in node]
    if isinstance(node, ast.AST):
        fields = {
            name: value
            for name, value in ast.iter_fields(node)
            if value not in (None, []) and name not in ("ctx", "kind", "type_comment")
        }
        if isinstance(fields.get("body"), list):
            fields["body"] = [item for item in fields["body"] if not _is_text(item)]
        return [type(node).__name__, {name: _outline(value) for name, value in fields.items()}]
    return repr(node)


def _is_text(node: ast.AST) -> bool:
    """Whether a statement is nothing but a text: a docstring, of a module, function, class or constant."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@functools.cache
def lock_digest() -> str:
    """Digest of the packages that the programs are locked to."""
    return requirements_digest(PROJECT / "envs")
