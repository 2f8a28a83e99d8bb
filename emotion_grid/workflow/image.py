"""The image that a start runs its rules in, if a profile asks for one."""

import functools
import sys
from pathlib import Path
from typing import Any

from emotion_grid.base.layout import PROJECT
from emotion_grid.base.messages import InputError
from emotion_grid.container.finding import find_image
from emotion_grid.container.handover import bind_paths, hand_on, handed_on
from emotion_grid.container.image import runtime
from emotion_grid.encoders.sources import local_path
from emotion_grid.plan.added import added_files
from emotion_grid.plan.annotators import annotators_file
from emotion_grid.plan.inputs import raw_files
from emotion_grid.workflow.errors import plain_refusals
from emotion_grid.workflow.patches import pull_nothing


def study_paths(config: dict[str, Any], site: dict[str, Any], folders: list[Path]) -> list[Path]:
    """Every path that a study names, existing or to be made: what its programs must see inside the image.

    Args:
        config: Snakemake's config, not checked yet.
        site: the site file's values.
        folders: the cache and the results.
    """
    root = Path(config.get("data_root", ".")).expanduser()
    models = [entry["model"] for entry in config.get("encoders", {}).values()]
    encoders = [path for path in map(local_path, models) if path is not None]
    others = [*config.get("compare", {}).values(), *([config["new_texts"]] if "new_texts" in config else [])]
    read = [*encoders, *(Path(path).expanduser() for path in others)]
    annotators = annotators_file(config)
    own = [root, *raw_files(config).values(), *added_files(config), *([annotators] if annotators else [])]
    files = [*own, *read, *(file for folder in read for file in folder.glob("*"))]
    bound = [Path(path).expanduser() for path in site["bind"]]
    return [*folders, *(path for path in files if path.exists()), *bound]


class StudyImage:
    """The image of one start.

    Args:
        workflow: Snakemake's workflow.
        site: the site file's values.
        cache: where an image from a registry is kept.
        paths: what the programs must see inside.
        variables: of the environment, the same.
    """

    def __init__(self, workflow: Any, site: dict[str, Any], cache: Path, paths: list[Path], variables: list[str]):
        from snakemake.settings.types import SharedFSUsage

        self.workflow, self.site, self.cache = workflow, site, cache
        if not runtime():  # the nodes look for it themselves
            workflow.storage_settings.shared_fs_usage -= {SharedFSUsage.SOFTWARE_DEPLOYMENT}
            pull_nothing()
        with plain_refusals():
            bind_paths(paths, variables)

    @functools.cached_property
    def path(self) -> str:
        """The image's path, checked; in a job, the path of the image that its start chose."""
        with plain_refusals():
            if not self.workflow.is_main_process:
                return handed_on()
            if not runtime() and self.workflow.local_exec and not self.workflow.dryrun:
                raise InputError(
                    "expected apptainer on this machine, found none; load its module or, to run without the image, make setup and use "
                    "profiles/local (on a cluster: docs/cluster.md, Without the image)"
                )
            if not runtime():
                print("No apptainer here: the light steps run as jobs.", file=sys.stderr)
            return hand_on(find_image(self.site["container"], self.cache, PROJECT / "envs"))

    def refuse_host_steps(self) -> None:
        """Stop if a rule would run on the host: one written in Python, or one that declines the image.

        Raises:
            SystemExit: with the rule's name.
        """
        with plain_refusals():
            for rule in self.workflow.rules:
                declines = rule.is_run or not rule.container_img
                if declines and not rule.norun and rule.name != "build_container":
                    raise InputError(
                        f"{rule.name}: expected a step that runs inside the image (a shell command, no container of its own), "
                        "found one that would run on the host"
                    )
