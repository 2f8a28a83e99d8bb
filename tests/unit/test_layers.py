"""Who imports whom: packages import only what lies below them, and Snakemake's process loads nothing heavy."""

import ast
import json
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from testing.tiny import PROJECT

PLANNING_DATA = (
    "data.annotators",
    "data.joining",
    "data.compared",
    "data.splits",
    "data.raw",
    "data.mapping",
    "data.predicted",
    "data.problems",
    "data.hub",
)
"""What planning takes of `data`: names of files, and reading without pandas."""

BELOW = {
    "base": (),
    "data": ("base",),
    "model": ("base",),
    "encoders": ("base", "model"),
    "container": ("base",),
    "grid": ("base", "encoders"),
    "config": ("base", "grid", "data.hub"),
    "asking": ("base", "data"),
    "plan": ("base", *PLANNING_DATA, "asking.prompt", "encoders", "grid"),
    "jobs": ("base", "data.splits", "config"),
    "workflow": (
        "base",
        "data.splits",
        "data.problems",
        "evaluation.foresight",
        "submission.form",
        "encoders",
        "config",
        "plan",
        "jobs",
        "container",
    ),
    "features": ("base", "data", "model", "encoders.shape"),
    "training": ("base", "data", "model", "features"),
    "prediction": ("base", "data", "model", "features"),
    "evaluation": ("base", "data"),
    "explanation": ("base", "data", "model", "evaluation"),
    "report": ("base", "data", "grid", "encoders.facts", "evaluation", "explanation"),
    "publishing": ("base", "data", "model", "encoders.known", "evaluation", "report"),
    "submission": ("base", "data", "evaluation"),
    "serving": ("base",),
    "trying": ("base", "explanation", "prediction", "report", "serving"),
    "labelling": ("base", "data", "report", "serving"),
}
"""What each package of emotion_grid may import besides itself: whole packages, or single modules of one."""

OF_THE_SNAKEFILE = {"emotion_grid.data.splits", "emotion_grid.plan.kinds"}
"""What the Snakefile and its rules may import besides emotion_grid.workflow: names of files, and the kinds of rows."""

HEAVY = ("datasets", "numpy", "pandas", "scipy", "sklearn", "torch", "transformers")

SOURCES = [*sorted((PROJECT / "emotion_grid").rglob("*.py")), *sorted((PROJECT / "scripts").glob("*.py"))]


def module_of(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in SOURCES}


def imported(path: Path) -> set[str]:
    """Every module that a file imports, wherever the import stands; of the project's packages, the module that is meant."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}, line {node.lineno}: imports name their module in full"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if name in MODULES else str(node.module) for name in inner}
    return names


def imported_of_ours(path: Path) -> set[str]:
    return {name for name in imported(path) if name.split(".")[0] in ("emotion_grid", "scripts")}


def lies_in(module: str, package: str) -> bool:
    return f"{module}.".startswith(f"{package}.")


def test_imports_inside_functions_and_of_modules_by_their_package_count():
    assert "emotion_grid.features.index" in imported(MODULES["emotion_grid.training.run"]), "a function imports it"
    assert "emotion_grid.grid.axes.lora" in imported(MODULES["emotion_grid.grid.axes.declared"])


def test_the_table_names_every_package():
    assert {path.parent.name for path in (PROJECT / "emotion_grid").glob("*/__init__.py")} == set(BELOW)


@pytest.mark.parametrize("package", BELOW)
def test_a_package_imports_only_what_lies_below_it(package):
    allowed = [f"emotion_grid.{name}" for name in (package, *BELOW[package])]
    modules = [name for name in MODULES if lies_in(name, f"emotion_grid.{package}")]
    wrong = [
        f"{module} imports {name}"
        for module in modules
        for name in sorted(imported_of_ours(MODULES[module]))
        if not any(lies_in(name, place) for place in allowed)
    ]
    assert not wrong


def test_base_stands_on_the_standard_library_and_yaml():
    modules = [name for name in MODULES if lies_in(name, "emotion_grid.base")]
    roots = {name.split(".")[0] for module in modules for name in imported(MODULES[module])}
    assert roots - sys.stdlib_module_names <= {"yaml", "emotion_grid"}


def test_the_package_itself_imports_none_of_its_packages():
    assert not imported_of_ours(MODULES["emotion_grid"]), "its public names are imported when they are asked for"


def test_no_script_imports_another():
    wrong = [
        f"{module} imports {name}"
        for module in MODULES
        for name in sorted(imported_of_ours(MODULES[module]))
        if lies_in(name, "scripts")
    ]
    assert not wrong


def snakefile_imports() -> set[str]:
    """The project's modules that the Snakefile and its rules import; they are no Python that `ast` reads."""
    names = set()
    for path in (PROJECT / "Snakefile", *(PROJECT / "rules").glob("*.smk")):
        names |= set(re.findall(r"^\s*(?:from|import)\s+((?:emotion_grid|scripts)\S*)", path.read_text(), re.MULTILINE))
    return names


def test_the_snakefile_and_its_rules_import_the_workflow_and_two_tables():
    others = {name for name in snakefile_imports() if not lies_in(name, "emotion_grid.workflow")}
    assert others == OF_THE_SNAKEFILE


def test_no_modules_import_each_other_in_a_circle():
    graph = {module: imported_of_ours(path) - {module} for module, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle among imports: {' <- '.join(error.args[1])}")


def in_new_process(code: str) -> object:
    """What a program prints as JSON."""
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("module", ["study", "inputs", "options", "resources"])
def test_the_workflow_loads_no_library_that_computes(module):
    code = f"import json, sys, emotion_grid.workflow.{module}; print(json.dumps(sorted(sys.modules)))"
    assert not set(in_new_process(code)) & set(HEAVY)


def test_the_snakefile_adds_less_than_half_a_second_to_snakemakes_own_imports():
    """It may assert a time: it is CPU time of imports alone, the best of three processes, and the bound is well above what they take.

    Every job of a cluster reads the Snakefile again, so that a library loaded by mistake costs its time once for each job; torch alone
    takes longer than the bound. Snakemake's own imports come first, since what they load is not the Snakefile's doing.
    """
    code = f"""
import json, time
import snakemake.cli, snakemake.utils
start = time.process_time()
import {", ".join(sorted(snakefile_imports()))}
print(json.dumps(time.process_time() - start))
"""
    assert min(in_new_process(code) for _ in range(3)) < 0.5
