"""The record of a start: what was asked for, by which command, with which versions. Nothing is made from it."""

import importlib.metadata
import platform
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from emotion_grid.base.files import write_json, write_text
from emotion_grid.base.version import git_state, version

HEAD = "# The config of the last start, with every default filled in. Nothing reads this file; snakemake --configfile takes it as it is.\n"


def record_start(config: dict[str, Any], home: Path) -> None:
    """Write config.yaml and start.json into an experiment's folder of results; each start replaces those of the one before.

    No rule takes them as inputs, so that a new command makes nothing again.

    Args:
        config: the checked config.
        home: the experiment's folder of results.
    """
    write_text(home / "config.yaml", HEAD + yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    versions = {
        "emotion-grid": version(),
        "snakemake": importlib.metadata.version("snakemake"),
        "python": platform.python_version(),
    }
    started = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    command = shlex.join(["snakemake", *sys.argv[1:]])
    write_json(
        home / "start.json",
        {
            "command": command,
            "folder": str(Path.cwd()),
            "versions": versions,
            "source": git_state(),
            "started": started,
        },
    )
