"""Digests of programs and of the locked packages."""

import ast
import functools
from pathlib import Path
from typing import Any

from emotion_grid.base.digests import digest, file_digest
from emotion_grid.base.layout import PROJECT
from emotion_grid.base.requirements import requirements_digest

PREPARATION = "emotion_grid.data.preparation"
"""Decides which rows a run trains and selects on."""

UNITING = "emotion_grid.data.uniting"
"""Decides how the rows of several data sets become those of one."""

ADDING = "emotion_grid.data.adding"
"""Decides which added rows a run trains on, besides what `PREPARATION` decides."""

TOKENS = "emotion_grid.features.tokens"
"""Decides the tokens in the cache."""

FEATURES = "emotion_grid.features.states"
"""Decides the hidden states of frozen layers in the cache."""

TRAINING = "emotion_grid.training.run"
"""Decides what a run predicts from its rows and tokens. Heads and LoRA are loaded by name: only the runs that use them name them."""

TOLD = ("log", "InputError")
"""Calls whose arguments are words for people: of these nothing but the name counts."""


@functools.cache
def program_digest(*modules: str) -> str:
    """Digest of what modules do, those of the project that they import included.

    It is computed from their syntax trees. Comments, blanks, docstrings, the names of modules, lines of the log and messages of errors
    do not count: rewording or renaming them changes no digest. It is the same under every Python that runs the project.

    Raises:
        ValueError: modules that import each other.
    """
    return digest([_module_digest(name) for name in modules])


def program_modules(*modules: str) -> list[str]:
    """Names of all modules that a digest covers, sorted."""
    names: set[str] = set()
    pending = list(modules)
    while pending:
        name = pending.pop()
        if name not in names:
            names.add(name)
            pending += _imported(_parsed(name))
    return sorted(names)


def _imported(tree: ast.AST) -> list[str]:
    """The project's modules that a tree imports."""
    modules = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names if _is_ours(alias.name)]
        elif isinstance(node, ast.ImportFrom) and _is_ours(node.module or ""):
            modules += [_module_of(node.module or "", alias.name) for alias in node.names]
    return modules


def _is_ours(name: str) -> bool:
    return name.split(".")[0] in ("emotion_grid", "scripts")


def _module_path(name: str) -> Path | None:
    base = PROJECT.joinpath(*name.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def _parsed(name: str) -> ast.Module:
    path = _module_path(name)
    assert path is not None, f"{name} is no module of the project"
    return ast.parse(path.read_text(encoding="utf-8"))


def _module_of(module: str, name: str) -> str:
    """The module that `from module import name` takes something from: `name` itself may be one."""
    return f"{module}.{name}" if _module_path(f"{module}.{name}") else module


_pending: list[str] = []
"""Modules whose digest is being computed."""


@functools.cache
def _module_digest(name: str) -> str:
    if name in _pending:
        raise ValueError(f"expected no circle among imports, found {' -> '.join([*_pending, name])}")
    _pending.append(name)
    try:
        return digest(_outline(_parsed(name)))
    finally:
        _pending.pop()


def _outline(node: Any) -> Any:
    """A syntax tree as plain lists, without what does not count and without empty fields, so that it holds across Python's versions."""
    if isinstance(node, list):
        imports = [item for item in node if isinstance(item, ast.Import | ast.ImportFrom)]
        others = [item for item in node if not isinstance(item, ast.Import | ast.ImportFrom) and not _is_text(item)]
        # A formatter sorts imports by names, which do not count.
        return [*sorted((_outline(item) for item in imports), key=repr), *(_outline(item) for item in others)]
    if isinstance(node, ast.ImportFrom) and _is_ours(node.module or ""):
        names = [(alias, _module_digest(_module_of(node.module or "", alias.name))) for alias in node.names]
        return ["project", sorted([alias.asname or alias.name, module] for alias, module in names)]
    if isinstance(node, ast.Import) and any(_is_ours(alias.name) for alias in node.names):
        return ["project", sorted([alias.asname or "", _module_digest(alias.name)] for alias in node.names)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TOLD:
        return ["told", node.func.id]
    if isinstance(node, ast.AST):
        fields = {
            name: value
            for name, value in ast.iter_fields(node)
            if value not in (None, []) and name not in ("ctx", "kind", "type_comment")
        }
        return [type(node).__name__, {name: _outline(value) for name, value in fields.items()}]
    return repr(node)


def _is_text(node: Any) -> bool:
    """Whether a statement is nothing but a text: a docstring, of a module, function, class or constant."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


@functools.cache
def lock_digest() -> str:
    """Digest of the packages that the programs are locked to."""
    return requirements_digest(PROJECT / "envs")


@functools.cache
def report_digest() -> str:
    """Digest of the report: its modules, templates, styles, scripts and figures."""
    folder = PROJECT / "emotion_grid" / "report"
    files = sorted([*folder.glob("*.csv"), *(path for path in (folder / "templates").rglob("*") if path.is_file())])
    return digest([program_digest("emotion_grid.report.study"), {path.name: file_digest(path) for path in files}])
