"""A real Slurm for the session, and a tiny study that runs on it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from testing.slurm import Cluster
from testing.tiny import Project, make_checkout


@pytest.fixture(scope="session")
def cluster():
    """The test cluster, stopped at the end by its own process ids."""
    found = Cluster()
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which nothing has run, with a profile that needs no image."""
    project = make_checkout(tmp_path_factory.mktemp("pristine") / "checkout")
    profile = project.folder / "profiles/slurm/config.v8+.yaml"
    settings = {**yaml.safe_load(profile.read_text()), "latency-wait": 10, "retries": 0}
    del settings["software-deployment-method"]  # tests/container turns it on
    profile.write_text(yaml.safe_dump(settings))
    return project.folder


@pytest.fixture(scope="session")
def prepared(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which only the runs are left to do: data, encoders, tokens and hidden states are there."""
    project = Project(Path(shutil.copytree(pristine, tmp_path_factory.mktemp("prepared") / "checkout")))
    project.run("--until", "encode")
    return project.folder


@pytest.fixture
def new_project(cluster: Cluster, pristine: Path, tmp_path: Path) -> Iterator[Project]:
    """A copy of the pristine checkout, whose Snakemake looks at the queue every second."""
    yield from _copy(pristine, tmp_path / "checkout", cluster)


@pytest.fixture
def project(cluster: Cluster, prepared: Path, tmp_path: Path) -> Iterator[Project]:
    """The same of the prepared checkout."""
    yield from _copy(prepared, tmp_path / "checkout", cluster)


def _copy(checkout: Path, folder: Path, cluster: Cluster) -> Iterator[Project]:
    """A copy of a checkout for one test, of which nothing runs on afterwards."""
    project = Project(Path(shutil.copytree(checkout, folder)))
    project.snakemake = "testing.polling"
    yield project
    project.end()
    cluster.clear()
