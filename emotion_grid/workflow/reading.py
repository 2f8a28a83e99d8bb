"""Reading config files before Snakemake does."""

import re
import shlex
import sys
from pathlib import Path
from typing import Any

from emotion_grid.base.layout import PROJECT
from emotion_grid.base.messages import InputError
from emotion_grid.config.files import check_config_file
from emotion_grid.workflow.errors import plain_refusals

TARGETS = ("ask", "explain", "label", "paper", "submission")
"""Targets that people type. A file of the same name in the checkout is what Snakemake reads where one is typed after `--configfile`."""


def check_config_files(workflow: Any, default: str) -> None:
    """Check the config files of a start, those that `--configfile` names or else the default one, and what `--config` sets.

    Snakemake has read the former by then: what it cannot read at all it has refused in its own words. The latter it reads afterwards.

    Raises:
        SystemExit: a file that cannot be read, or that YAML reads otherwise than a person; a target in a config file's place; a value of
            `--config` that YAML would cut.
    """
    if workflow.is_main_process:
        with plain_refusals():
            for path in map(Path, workflow.overwrite_configfiles or [default]):
                _refuse_target(path)
                check_config_file(path)
            for argument in workflow.config_settings.config_args or ():
                _refuse_comment(argument)


def _refuse_target(path: Path) -> None:
    """Refuse a target that stands where Snakemake reads config files.

    Raises:
        InputError: with the command as it works.
    """
    target = path.name
    if target in TARGETS and path.resolve() == PROJECT / target:
        others = [word for word in sys.argv[1:] if word != target]
        raise InputError(
            f"--configfile: expected config files, found the target {target}; Snakemake takes every word after --configfile for a config file. "
            f"Type the target first: {shlex.join(['snakemake', target, *others])}"
        )


def _refuse_comment(argument: str) -> None:
    """Refuse a value of `--config` that ends, for YAML, where a comment begins.

    Raises:
        InputError: with the key.
    """
    key, _, value = argument.partition("=")
    if re.search(r"\s#", value):
        raise InputError(
            f"--config {key}: expected a value without a number sign (#) after a space, which begins a comment there, found {value}; set it in a "
            "config file, in quotes"
        )
