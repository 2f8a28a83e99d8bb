"""A real Apptainer on one machine, for tests: Debian's own package in a private prefix.

`python -m testing.apptainer` gets it, the same with `remove` takes everything away again. Debian has Apptainer in its unstable suite
alone, and it needs a newer C library than Debian 12's: both are unpacked side by side, and the host gets no source of
packages and no newer library. Runs as root on Debian; what the runtime calls are ordinary packages of the host (`PACKAGES`).
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("squashfs-tools", "squashfuse", "fuse-overlayfs", "uidmap", "debootstrap", "patchelf", "fakeroot")
"""What Apptainer and the tests call on the host."""

HOME = Path("/var/lib/emotion-grid-container")
PREFIX = HOME / "apptainer"
PROGRAM = PREFIX / "bin" / "apptainer"

PINNED = "1.4.5-2"
"""The release that the tests were written with; where the mirror has it no more, they take the one it has."""

LIBRARIES = ("libc6/trixie", "libseccomp2/trixie", "libsqlite3-0/trixie", "zlib1g/trixie")
KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MISSING_CAPABILITY = "CAP_SYS_RESOURCE"
"""Some virtual machines' root lacks it, and Apptainer asks for all of root's capabilities."""

APT = """
Dir::State "{home}/state";
Dir::State::status "{home}/state/status";
Dir::Cache "{home}/cache";
Dir::Etc::sourcelist "{home}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "root";
APT::Default-Release "trixie";
Acquire::Languages "none";
Acquire::Retries "3";
"""


class NoRuntime(Exception):
    """The runtime could not be downloaded; the message says from where and why."""


def run(*command: str | Path, **options: object) -> str:
    """A command's output; its error is the message of a `RuntimeError`."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(map(str, command))}: {done.stderr.strip()[-2000:] or done.stdout.strip()[-2000:]}"
        )
    return done.stdout


def lacking() -> list[str]:
    """The host's packages that are missing."""
    found = run("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n").splitlines()
    return [name for name in PACKAGES if f"{name} installed" not in found]


def mirror() -> str:
    """The Debian mirror of the host's own sources."""
    lists = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    text = "\n".join(path.read_text() for path in lists if path.suffix in (".list", ".sources") and path.is_file())
    found = re.search(r"^(?:URIs:|deb(?: \[.*?\])?)\s+(\S+/debian/?)(?=\s|$)", text, re.MULTILINE)
    if not found:
        raise NoRuntime("no Debian mirror stands in this machine's apt sources")
    return found[1]


def download(folder: Path) -> list[Path]:
    """Fetch the packages with an apt state of their own; the host's stays as it is.

    Raises:
        NoRuntime: the mirror cannot be reached or has no Apptainer.
    """
    for name in ("state/lists/partial", "cache/archives/partial", "packages"):
        (folder / name).mkdir(parents=True)
    (folder / "state" / "status").touch()
    where = mirror()
    (folder / "sources.list").write_text(
        "".join(f"deb [signed-by={KEYS}] {where} {suite} main\n" for suite in ("sid", "trixie"))
    )
    (folder / "apt.conf").write_text(APT.format(home=folder))
    environment = {**os.environ, "APT_CONFIG": str(folder / "apt.conf")}
    try:
        run("apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any", env=environment)
        versions = run("apt-cache", "madison", "apptainer", env=environment)
        wanted = f"apptainer={PINNED}" if PINNED in versions else "apptainer/sid"
        run("apt-get", "download", "-q", wanted, *LIBRARIES, env=environment, cwd=folder / "packages")
    except RuntimeError as error:
        raise NoRuntime(f"{where} did not give it: {error}") from None
    return sorted((folder / "packages").glob("*.deb"))


def install() -> None:
    """Put Apptainer into its prefix, unless it is there. The prefix must not move afterwards."""
    if PROGRAM.is_file():
        return
    if missing := lacking():
        run("apt-get", "-o", "DPkg::Lock::Timeout=300", "update", "-q")
        run("apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-qy", "--no-install-recommends", *missing)
    scratch = HOME / "download"
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.rmtree(PREFIX, ignore_errors=True)
    unpacked = scratch / "unpacked"
    for package in download(scratch):
        run("dpkg", "-x", package, unpacked)
    for name in ("etc", "var"):
        shutil.move(unpacked / name, unpacked / "usr" / name)
    (unpacked / "usr").rename(PREFIX)
    shutil.rmtree(scratch)
    _configure()
    if "apptainer version" not in run(PROGRAM, "--version"):
        raise RuntimeError(f"{PROGRAM} does not start")


def _configure() -> None:
    """Point the programs at the libraries beside them, and make the prefix whole."""
    libraries = PREFIX / "lib" / "x86_64-linux-gnu"
    starter = libraries / "apptainer" / "bin" / "starter"
    interpreter = libraries / "ld-linux-x86-64.so.2"
    for name in ("var", "etc", "bin", "lib"):  # the starter takes PREFIX/lib for its prefix
        (PREFIX / "lib" / name).symlink_to(PREFIX / name)
    (PREFIX / "var/lib/apptainer/mnt/session").mkdir(parents=True, exist_ok=True)
    if _root_lacks_capability():
        _edit(
            PREFIX / "etc/apptainer/apptainer.conf",
            r"^root default capabilities = .*",
            "root default capabilities = file",
        )
    starter_first = (starter, PROGRAM)  # bin/apptainer appears last: `install` takes it as the sign that all is there
    for program in starter_first:
        run("patchelf", "--set-interpreter", interpreter, "--force-rpath", "--set-rpath", libraries, program)
    if _root_lacks_capability():
        allowed = [name for name in _capabilities() if name != MISSING_CAPABILITY]
        run(PROGRAM, "capability", "add", "--user", "root", ",".join(allowed))


def _root_lacks_capability() -> bool:
    bounding = int(re.search(r"^CapBnd:\s+(\w+)", Path("/proc/self/status").read_text(), re.MULTILINE)[1], 16)
    return not bounding >> 24 & 1


def _capabilities() -> list[str]:
    text = run(PROGRAM, "capability", "avail")
    return re.findall(r"^CAP_\w+", text, re.MULTILINE)


def _edit(path: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, path.read_text(), flags=re.MULTILINE)
    if not count:
        raise RuntimeError(f"{path} does not hold {pattern}")
    path.write_text(text)


def environment() -> dict[str, str]:
    """The environment in which `apptainer` is this one, and no file of the user's own home is touched."""
    own = {"PATH": f"{PREFIX / 'bin'}{os.pathsep}{os.environ['PATH']}:/usr/sbin:/sbin"}
    if _root_lacks_capability():
        own["APPTAINER_DROP_CAPS"] = MISSING_CAPABILITY
    return {**os.environ, **own}


def main() -> None:
    """Install; exit status 3 says that the runtime could not be downloaded."""
    if sys.argv[1:] == ["remove"]:
        shutil.rmtree(HOME, ignore_errors=True)
        return
    if os.geteuid() or not KEYS.is_file():
        sys.exit("the container tests need root on Debian")
    try:
        install()
    except NoRuntime as error:
        print(f"THE CONTAINER RUNTIME COULD NOT BE DOWNLOADED: {error}", file=sys.stderr)
        sys.exit(3)


if __name__ == "__main__":
    main()
