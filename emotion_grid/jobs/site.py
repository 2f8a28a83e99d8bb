"""The bounds of a cluster's jobs, from profiles/slurm/site.yaml, and the resources that are the same for all jobs of a kind."""

import os
from pathlib import Path
from typing import Any

from emotion_grid.base.layout import PROJECT
from emotion_grid.base.messages import InputError
from emotion_grid.base.yaml_files import load_yaml
from emotion_grid.config.checking import check_values

SITE_FILE = PROJECT / "profiles" / "slurm" / "site.yaml"
SCHEMA_FILE = SITE_FILE.with_suffix(".schema.yaml")

LIGHT_MB, LIGHT_MINUTES = 2000, 30
"""Memory and time of a step without training; a group of them asks for the sum."""


def load_site(path: Path = SITE_FILE) -> dict[str, Any]:
    """The site file's values; account and container may come from the environment.

    Raises:
        InputError: unknown keys or impossible values.
    """
    site = check_values(load_yaml(path) or {}, load_yaml(SCHEMA_FILE), str(path))
    site["account"] = os.environ.get("EMOTION_GRID_ACCOUNT", site["account"])
    site["container"] = os.environ.get("EMOTION_GRID_CONTAINER", site["container"])
    for folder in site["bind"]:
        if not Path(folder).expanduser().exists():
            raise InputError(f"{path}: bind: expected paths that are there, found nothing at {folder}")
    if site["mem_mb_retry"] < site["mem_mb"]:
        raise InputError(
            f"{path}: mem_mb_retry: expected at least mem_mb ({site['mem_mb']}), found {site['mem_mb_retry']}"
        )
    return site


def fixed_resources(site: dict[str, Any], gpu: bool) -> dict[str, Any]:
    """The resources that are the same for every job of a kind, by the names of Snakemake's Slurm executor."""
    resources = {"slurm_account": site["account"], "slurm_partition": site["partition"], "qos": site["qos"]}
    resources["constraint"] = site["constraint"]
    if site["mail"]:
        resources["slurm_extra"] = f"--mail-user={site['mail']} --mail-type=END,FAIL"
    if gpu and site["gpus"]:
        kind = f":{site['gpu_type']}" if site["gpu_type"] else ""
        if site["gpu_request"] == "gres":
            resources["gres"] = f"gpu{kind}:{site['gpus']}"
        else:
            resources |= {"gpu": site["gpus"], "gpu_model": site["gpu_type"]}
    return {name: value for name, value in resources.items() if value != ""}


def light_resources(site: dict[str, Any]) -> dict[str, Any]:
    """The resources of a step without training, where it is a job."""
    return {
        **fixed_resources(site, gpu=False),
        "mem_mb": min(LIGHT_MB, site["mem_mb"]),
        "runtime": min(LIGHT_MINUTES, site["runtime"]),
    }
