"""Which version of the project this is."""

import importlib.metadata
import subprocess
import tomllib

from emotion_grid.base.layout import PROJECT


def version() -> str:
    """The version of emotion-grid: that of the checkout or, without one, of the installed package; `unknown` of a bare copy."""
    path = PROJECT / "pyproject.toml"
    if path.is_file():
        return str(tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"])
    try:
        return importlib.metadata.version("emotion-grid")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def git_state() -> str:
    """The commit of the checkout, and whether it was changed."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(PROJECT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        commit, changed = git("rev-parse", "HEAD"), git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "not a git checkout"
    return f"commit {commit}" + (f", with {len(changed.splitlines())} files changed since" if changed else "")
