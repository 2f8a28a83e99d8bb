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


@pytest.fixture
def project(cluster: Cluster, pristine: Path, tmp_path: Path) -> Iterator[Project]:
    """A copy of the pristine checkout, whose Snakemake looks at the queue every second."""
    shutil.copytree(pristine, tmp_path / "checkout")
    project = Project(tmp_path / "checkout")
    project.snakemake = "testing.polling"
    yield project
    project.end()
    cluster.clear()
