"""Building the image from `containers/emotion-grid.def` and the locked requirements in `envs/`."""

import getpass
import os
import subprocess
import tempfile
from pathlib import Path

from emotion_grid.base.layout import PROJECT
from emotion_grid.base.messages import InputError, log
from emotion_grid.container.image import publish, read_labels, runtime

RECIPE = "containers/emotion-grid.def"

FOUND_LINKS, CERTIFICATES = "/media", "/mnt"
"""Empty folders that every base has: a build can bind only to what is there."""

ADVICE = """the image could not be built; apptainer's message is above. If it was not allowed to, ask your admins for one of these:
  - user namespaces for ordinary users (sysctl user.max_user_namespaces above 0; on Ubuntu 24.04 also
    kernel.apparmor_restrict_unprivileged_userns=0 or Apptainer's AppArmor profile);
  - a range of ids for you in /etc/subuid and /etc/subgid, and the package uidmap (then apptainer build --fakeroot works).
Or build on another machine (a laptop with Linux will do) and publish from there: make share-container TO=<folder or oras://…>.
Found here: {found}"""


def pip_settings(scratch: Path) -> tuple[dict[str, str], list[str]]:
    """The environment that carries pip's settings and proxies into the build, and the files to bind for them."""
    names = [name for name in os.environ if name.startswith("PIP_") or name.lower().endswith("_proxy")]
    settings, binds = {name: os.environ[name] for name in names}, []
    if certificates := settings.get("PIP_CERT"):
        (scratch / "certificates.pem").write_bytes(Path(certificates).read_bytes())
        settings["PIP_CERT"] = f"{CERTIFICATES}/certificates.pem"
        binds += ["--bind", f"{scratch}:{CERTIFICATES}"]
    if (links := settings.get("PIP_FIND_LINKS")) and Path(links).is_dir():
        settings["PIP_FIND_LINKS"] = FOUND_LINKS
        binds += ["--bind", f"{links}:{FOUND_LINKS}"]
    return {f"APPTAINERENV_{name}": value for name, value in settings.items()}, binds


def rights() -> str:
    """What this machine allows of what a build needs, in words."""
    namespaces = subprocess.run(["unshare", "--user", "--map-root-user", "true"], capture_output=True).returncode == 0
    subuid = Path("/etc/subuid")
    owners = [line.split(":")[0] for line in subuid.read_text().splitlines()] if subuid.is_file() else []
    return f"user namespaces {'allowed' if namespaces else 'not allowed'}, {'a' if {getpass.getuser(), str(os.getuid())} & {*owners} else 'no'} range of ids in /etc/subuid"


def build(arguments: dict[str, str], output: Path) -> None:
    """Build the image and publish it into `output`.

    Args:
        arguments: values of the recipe's arguments; those left out keep the recipe's own.
        output: folder of the image.

    Raises:
        InputError: no apptainer, or a build that failed.
    """
    if not runtime():
        raise InputError(
            "expected apptainer on this machine, found none; on a cluster: module load apptainer, or ask your administrators to install it"
        )
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".build-") as folder, tempfile.TemporaryDirectory() as scratch:
        environment, binds = pip_settings(Path(scratch))
        file = Path(folder) / "image.sif"
        chosen = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
        log(f"building {RECIPE}")
        done = subprocess.run(
            ["apptainer", "build", *chosen, *binds, str(file.resolve()), RECIPE],
            cwd=PROJECT,
            env={**os.environ, **environment},
        )
        if done.returncode:
            raise InputError(ADVICE.format(found=rights()))
        image = publish(file, output, read_labels(file), move=True)
    log(f"{image.file}, {image.file.stat().st_size / 1e6:,.0f} MB, lock {image.labels['lock'][:8]}")
