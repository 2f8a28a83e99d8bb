"""The package as pip installs it, apart from the checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The folder into which pip installed the package; from a copy, since a build leaves files beside its sources."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(PROJECT / name, source)
    shutil.copytree(PROJECT / "emotion_grid", source / "emotion_grid", ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*pip, "--target", target, source], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def test_public_names_are_imported_from_anywhere(installed, tmp_path):
    code = "import emotion_grid; from emotion_grid import EmotionClassifier, load_predictions, load_results; "
    done = subprocess.run(
        [sys.executable, "-c", f"{code}print(emotion_grid.__file__)"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == installed / "emotion_grid" / "__init__.py"


def test_every_module_and_template_is_installed(installed):
    def files(root: Path) -> set[str]:
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc"}

    assert files(installed / "emotion_grid") == files(PROJECT / "emotion_grid")
