"""Ways to start Snakemake: from elsewhere, without activating its environment, with other profiles, for one target alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from testing.tiny import Project

SNAKEMAKE = Path(sys.executable).parent / "snakemake"


def start(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Snakemake's own program, started in a folder, without its environment on PATH."""
    return subprocess.run(
        [str(SNAKEMAKE), "--cores", "2", *arguments],
        cwd=folder,
        env={**os.environ, "PATH": "/usr/bin:/bin", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
    )


@pytest.fixture
def project(pristine: Path, tmp_path: Path) -> Project:
    """A copy of the checkout in which nothing has run."""
    return Project(Path(shutil.copytree(pristine, tmp_path / "checkout")))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder that is no checkout."""
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


def test_a_start_from_another_folder_is_told_what_to_add_and_that_works(project: Project, elsewhere):
    arguments = ("--snakefile", f"{project.folder}/Snakefile")
    for more in ((), ("--directory", str(elsewhere))):
        told = start(elsewhere, *arguments, *more)
        assert told.returncode
        assert f"\nError: {elsewhere}: expected a start in the checkout ({project.folder})" in told.stdout
        assert f"; add --directory {project.folder} (" in told.stdout
        assert list(elsewhere.iterdir()) in ([], [elsewhere / ".snakemake"])
    done = start(elsewhere, "-n", *arguments, "--directory", str(project.folder))
    assert done.returncode == 0 and "Training one_mlp" in done.stdout


def test_rules_run_in_the_python_of_snakemake_though_its_environment_is_not_activated(project: Project, tmp_path):
    other = tmp_path / "bin" / "python"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\ntouch called\nexit 1\n")
    other.chmod(0o755)
    done = start(project.folder, "--until", "prepare", PATH=f"{other.parent}:/usr/bin:/bin")
    assert done.returncode == 0, done.stdout
    assert list(project.home.glob("data/*/checks.json")) and not (project.folder / "called").exists()


def test_a_profile_is_found_by_its_absolute_path(project: Project):
    done = start(project.folder, "-n", "--profile", f"{project.folder}/profiles/local")
    assert done.returncode == 0 and "Training one_mlp" in done.stdout


@pytest.mark.parametrize("target", ["paper", "explain", "label"])
def test_a_target_after_the_config_file_is_told_where_it_belongs_and_there_it_works(project: Project, target):
    config = "config/my study.yaml"
    shutil.copy(project.config_file, project.folder / config)
    project.configure(experiment="another")
    told = start(project.folder, "-n", "--configfile", config, target)
    assert told.returncode
    assert f"--configfile: expected config files, found the target {target}; " in told.stdout
    assert (
        f"Type the target first: snakemake {target} --cores 2 -n --configfile 'config/my study.yaml'\n" in told.stdout
    )
    done = start(project.folder, "-n", target, "--configfile", config, "--config", "new_texts=texts/test.csv")
    assert done.returncode == 0 and "results/another/" not in done.stdout
    assert "results/tiny/paper" in done.stdout or target != "paper"


def test_a_value_on_the_command_line_that_yaml_would_cut_is_refused(project: Project):
    """Fault: of `--config "results_root=out #2"` the results went to the folder out."""
    told = start(project.folder, "-n", "--config", "results_root=out #2")
    assert told.returncode
    assert "--config results_root: expected a value without a number sign (#) after a space" in told.stdout
    assert "found out #2; set it in a config file, in quotes\n" in told.stdout
