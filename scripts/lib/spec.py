"""Specs: everything that decides a result, and nothing else; their digests name the folders.

A spec is a plain mapping. It is written before its job starts and never changes.
"""

import ast
import csv
import functools
import re
from pathlib import Path
from typing import Any

from scripts.lib import lock
from scripts.lib.axes import AXES
from scripts.lib.config import PROJECT
from scripts.lib.encoders import Source
from scripts.lib.files import SHORT, InputError, digest, file_digest
from scripts.lib.grid import Point

READABLE = 90
"""Characters of a run's name before the digest: no path of a result is longer than 200."""


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
    return lock.lock_digest(PROJECT / "envs")


def data_files(config: dict) -> dict[str, Path]:
    """The CSV file of each split that a study has.

    Raises:
        InputError: a file that is not there or lacks a column.
    """
    root = Path(config["data_root"]).expanduser()
    files = {split: root / config["data"][split] for split in ("train", "dev", "test") if split in config["data"]}
    for split, path in files.items():
        if not path.is_file():
            raise InputError(
                f"data.{split}: expected a CSV file, found nothing at {path} (data_root is {config['data_root']})"
            )
        labels, columns = config["data"]["labels"], _columns(path)
        missing = [name for name in ("id", "text", *labels) if name not in columns]
        if missing and (split == "train" or missing != labels):  # dev and test may have no labels at all
            found = ", ".join(columns) or "nothing"
            raise InputError(f"data.{split}: expected the column {missing[0]} in {path}, found {found}")
    return files


def _columns(path: Path) -> list[str]:
    """The columns that a CSV file's header names; whatever else is wrong with the file, the step `prepare` says where."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            return next(csv.reader(file), [])
        except csv.Error:  # no table at all
            return []


def data_spec(config: dict, fold: int | None) -> dict:
    """What decides the prepared splits: the files' contents and how they are prepared."""
    data = config["data"]
    return {
        "files": {split: _content(path) for split, path in data_files(config).items()},
        **{key: data[key] for key in ("labels", "validation", "split_seed", "clean", "drop")},
        "folds": data.get("folds"),
        "fold": fold,
        "program": program_digest("scripts.prepare"),
    }


@functools.cache
def _content(path: Path) -> str:
    return file_digest(path)


def run_spec(point: Point, source: Source, data: dict) -> dict:
    """What decides a run's predictions."""
    axes = {axis.name: point.values[axis.name] for axis in AXES if axis.name not in ("encoder", "fold")}
    return {
        **axes,
        "encoder": source.spec,
        "training": point.training,
        "data": data,
        "program": {"training": program_digest(*TRAINING), "encoding": program_digest(*ENCODING)},
        "lock": lock_digest(),
    }


def tokens_spec(run: dict) -> dict:
    """What decides the tokens that a run reads: every text of the study's files, whatever split it stands in."""
    return {
        "encoder": run["encoder"],
        "files": run["data"]["files"],
        "clean": run["data"]["clean"],
        "max_length": run["training"]["max_length"],
        "program": run["program"]["encoding"],
        "lock": run["lock"],
    }


def features_spec(run: dict) -> dict | None:
    """What decides the features that a run reads: the output of its encoder's frozen part; None if nothing is frozen.

    Heads that read one vector a text need no more than that of it (`output`: first or mean), all else the states of every token.
    """
    if run["freeze"] == 0:
        return None
    vectors = run["freeze"] == "all" and run["head"]["type"] == "mlp"
    return {
        "tokens": tokens_spec(run),
        "layer": run["freeze"],
        "output": run["head"]["pooling"] if vectors else "states",
        "precision": run["training"]["precision"],
        "threads": run["training"]["threads"],
    }


def cache_key(spec: dict) -> str:
    """The name of a folder in the cache."""
    return digest(spec)[:16]


def run_name(point: Point, spec: dict) -> str:
    """A run's folder: its axis values for people, and the spec's digest; it depends on nothing but the point and its spec."""
    parts = [axis.part(point.values[axis.name]) for axis in AXES]
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", "_".join(part for part in parts if part))[:READABLE]
    return f"{readable}_{digest(spec)[:SHORT]}"


def baseline_spec(kind: str, data: dict) -> dict:
    """What decides a baseline's predictions."""
    return {"baseline": kind, "data": data, "program": program_digest("scripts.baseline"), "lock": lock_digest()}
