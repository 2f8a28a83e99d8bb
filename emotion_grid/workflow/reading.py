"""Reading config files before Snakemake does."""

from typing import Any

from emotion_grid.config.files import check_config_file
from emotion_grid.workflow.errors import plain_refusals


def check_config_files(workflow: Any, default: str) -> None:
    """Check the config files of a start: those that `--configfile` names, or else the default one.

    Snakemake has read the former by then: what it cannot read at all it has refused in its own words. The latter it reads afterwards.

    Raises:
        SystemExit: a file that cannot be read, or that YAML reads otherwise than a person.
    """
    if workflow.is_main_process:
        with plain_refusals():
            for path in workflow.overwrite_configfiles or [default]:
                check_config_file(path)
