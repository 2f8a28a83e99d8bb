"""A finished tiny study, of which every test gets a copy."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.tiny import Project, make_checkout
from testing.warm import WarmPython


@pytest.fixture(scope="session", autouse=True)
def warm_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Programs of tests that wait for their end share their imports: most of the time of tiny studies goes into those."""
    warm = WarmPython(tmp_path_factory.mktemp("warm"))
    Project.python = str(warm.python)
    yield
    Project.python = sys.executable
    warm.stop()


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which nothing has run: two encoders, one head, two seeds."""
    return make_checkout(tmp_path_factory.mktemp("pristine") / "checkout").folder


@pytest.fixture(scope="session")
def finished(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the tiny study is finished. Tests get copies of it."""
    project = Project(Path(shutil.copytree(pristine, tmp_path_factory.mktemp("finished") / "checkout")))
    assert len(project.run().trained) == 4
    return project.folder


@pytest.fixture
def project(finished: Path, tmp_path: Path) -> Project:
    """A copy of the finished checkout, file times and Snakemake's records included."""
    shutil.copytree(finished, tmp_path / "checkout")
    return Project(tmp_path / "checkout")


@pytest.fixture
def pristine_project(pristine: Path, tmp_path: Path) -> Project:
    """A copy of the checkout in which nothing has run."""
    shutil.copytree(pristine, tmp_path / "checkout")
    return Project(tmp_path / "checkout")
