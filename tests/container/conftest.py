"""A real Apptainer for the session, the image that the recipe gives, and a tiny study that runs inside it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from emotion_grid.base.digests import SHORT, digest, file_digest
from emotion_grid.base.requirements import IMAGE_FILES
from testing import apptainer
from testing.members import open_folder
from testing.tiny import PROJECT, Project, copy_checkout, make_checkout

RECIPE_FILES = ("containers/emotion-grid.def", "containers/check.py", *(f"envs/{name}" for name in IMAGE_FILES))
SUITE = "bookworm"
"""The base of the tests: Python 3.11, for which pip finds a CPU build of torch here."""


@pytest.fixture(scope="session", autouse=True)
def runtime() -> None:
    """Apptainer on this process's PATH."""
    apptainer.install()
    os.environ.update(apptainer.environment())


@pytest.fixture
def tmp_path():
    """A folder that other users can enter, too."""
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def base(runtime) -> Path:
    """A local base, made once a machine: a small Debian with Python."""
    file = apptainer.HOME / "base.sif"
    if not file.is_file():
        folder = apptainer.HOME / "base"
        shutil.rmtree(folder, ignore_errors=True)
        packages = "python3,python3-venv,ca-certificates"
        apptainer.run("debootstrap", "--variant=minbase", f"--include={packages}", SUITE, folder, apptainer.mirror())
        for unused in ("var/cache/apt", "var/lib/apt/lists"):
            shutil.rmtree(folder / unused)
        apptainer.run("apptainer", "build", apptainer.HOME / "base.part.sif", folder)
        shutil.rmtree(folder)
        (apptainer.HOME / "base.part.sif").rename(file)
    return file


@pytest.fixture(scope="session")
def image(base: Path) -> Path:
    """The folder with the image that `make container` builds from the local base, made once for each state of the recipe."""
    folder = apptainer.HOME / "images" / digest([file_digest(PROJECT / name) for name in RECIPE_FILES])[:SHORT]
    if not (folder / "image.json").is_file():
        options = ("--bootstrap", "localimage", "--from", base, "--torch", "torch", "--output", folder)
        apptainer.run(sys.executable, "-m", "scripts.build_container", *options, cwd=PROJECT)
    return folder


@pytest.fixture(scope="session")
def pristine(image: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which nothing has run and whose site names the image; its programs note where they run."""
    project = make_checkout(tmp_path_factory.mktemp("pristine") / "checkout")
    project.edit("profiles/slurm/site.yaml", "container: containers/image", f"container: {image}")
    project.edit("emotion_grid/base/cli.py", "    try:\n        main()\n", NOTE + "    try:\n        main()\n")
    profile = project.folder / "profiles/slurm/config.v8+.yaml"
    profile.write_text(yaml.safe_dump({**yaml.safe_load(profile.read_text()), "latency-wait": 10, "retries": 0}))
    return project.folder


NOTE = """
    import os
    from pathlib import Path

    inside = Path("/opt/emotion-grid/check.py").is_file()
    with open("where.txt", "a") as note:
        note.write(f"{Path(sys.argv[0]).stem} {'inside' if inside else 'HOST'} {os.environ.get('CUDA_VISIBLE_DEVICES')}\\n")
"""
"""Each program notes its name, whether it sees what only the image has, and its GPU."""


@pytest.fixture
def project(pristine: Path, tmp_path: Path) -> Project:
    """A copy of the pristine checkout, whose Snakemake looks at the queue every second."""
    shutil.copytree(pristine, tmp_path / "checkout", symlinks=True)
    project = Project(tmp_path / "checkout")
    project.snakemake = "testing.polling"
    return project


def notes(project: Project) -> list[list[str]]:
    """What the programs noted: name, place, GPU."""
    return [line.split() for line in (project.folder / "where.txt").read_text().splitlines()]


@pytest.fixture
def tiny_image(tmp_path: Path):
    """Call with labels: an image of a few kilobytes that has them and nothing else."""

    def make(name: str = "tiny.sif", **labels: str) -> Path:
        recipe = tmp_path / f"{name}.def"
        lines = "".join(f"    {key.replace('_', '-')} {value}\n" for key, value in labels.items())
        recipe.write_text(f"Bootstrap: scratch\n\n%labels\n{lines}    made-by the tests of emotion-grid\n")
        done = subprocess.run(["apptainer", "build", str(tmp_path / name), str(recipe)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return tmp_path / name

    return make


class Member:
    """An ordinary user of this machine, for as long as a test runs, with a checkout of their own."""

    NAME = "emotion-grid-member"

    def __init__(self, home: Path):
        self.checkout = home / "checkout"

    def command(self, *command: str) -> list[str]:
        """As this user, who may read /dev/fuse as on any cluster: in a mount namespace, so that the host's own stays closed."""
        device = self.checkout.parent / "fuse"
        if not device.exists():
            os.mknod(device, 0o020666, Path("/dev/fuse").stat().st_rdev)
            device.chmod(0o666)
        become = ["setpriv", "--reuid", self.NAME, "--regid", self.NAME, "--clear-groups", "--", *command]
        return ["unshare", "--mount", "sh", "-c", f'mount --bind {device} /dev/fuse && exec "$@"', "sh", *become]

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess:
        """A command as this user, in the checkout."""
        own = {**os.environ, "HOME": str(self.checkout.parent), "USER": self.NAME, "LOGNAME": self.NAME, **environment}
        return subprocess.run(
            self.command(*command), cwd=self.checkout, env=own, capture_output=True, text=True, timeout=1200
        )


@pytest.fixture
def member():
    """A throwaway user, removed at the end with all that they own."""
    home = Path("/var/tmp/emotion-grid-member")
    shutil.rmtree(home, ignore_errors=True)
    subprocess.run(["userdel", Member.NAME], capture_output=True)
    apptainer.run("useradd", "--home-dir", home, "--create-home", "--shell", "/bin/bash", Member.NAME)
    found = Member(home)
    copy_checkout(found.checkout)
    apptainer.run("chown", "-R", f"{Member.NAME}:", home)
    yield found
    apptainer.run("userdel", Member.NAME)
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory):
    """Host and port of a registry on loopback."""
    if not shutil.which("docker-registry"):
        apptainer.run("apt-get", "-o", "DPkg::Lock::Timeout=300", "update", "-q")
        apptainer.run("apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-qy", "docker-registry")
    folder = tmp_path_factory.mktemp("registry")
    address = "127.0.0.1:15123"
    storage = {"filesystem": {"rootdirectory": str(folder / "storage")}}
    (folder / "config.yml").write_text(yaml.safe_dump({"version": 0.1, "storage": storage, "http": {"addr": address}}))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            ["docker-registry", "serve", str(folder / "config.yml")], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        host, port = address.split(":")
        end = time.monotonic() + 30
        while socket.socket().connect_ex((host, int(port))):
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.1)
        os.environ["APPTAINER_NOHTTPS"] = "1"
        yield address
    finally:
        process.terminate()
        process.wait()
        os.environ.pop("APPTAINER_NOHTTPS", None)
