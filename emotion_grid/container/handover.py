"""Passing the chosen image, bind mounts and variables to Snakemake, its jobs and the programs inside."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from emotion_grid.base.digests import SHORT
from emotion_grid.base.messages import InputError
from emotion_grid.container.finding import LINKS
from emotion_grid.container.image import Image

HANDED_ON = "EMOTION_GRID_IMAGE"
"""The variable by which jobs, and the programs inside, learn which image the start chose."""


def link(image: Image) -> str:
    """The path by which Snakemake and its jobs reach the image, relative to the working directory."""
    path = LINKS / f"emotion-grid-{image.sha256[:SHORT]}.sif"
    path.parent.mkdir(parents=True, exist_ok=True)
    target = image.file.resolve()
    if not path.is_symlink() or path.readlink() != target:
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.symlink_to(target)
        partial.replace(path)
    return str(path)


def hand_on(image: Image) -> str:
    """Tell jobs and the programs inside which image this start chose; its path for Snakemake."""
    state = image.file.stat()
    facts = {"sha256": image.sha256, "lock": image.labels["lock"], "link": link(image)}
    os.environ[HANDED_ON] = json.dumps({**facts, "bytes": state.st_size, "modified": state.st_mtime_ns})
    os.environ[f"APPTAINERENV_{HANDED_ON}"] = json.dumps({key: facts[key] for key in ("sha256", "lock")})
    return facts["link"]


def handed_on() -> str:
    """The image's path in a job: the one that the start chose.

    Raises:
        InputError: the file is no longer that one.
    """
    facts = json.loads(os.environ[HANDED_ON])
    path = Path(facts["link"])
    state = path.stat() if path.exists() else None
    if state is None or (state.st_size, state.st_mtime_ns) != (facts["bytes"], facts["modified"]):
        raise InputError(
            f"{path.resolve()}: the image was replaced while this grid ran; start it again, finished runs stay. A folder that make "
            "share-container wrote may be published to at any time"
        )
    return str(facts["link"])


FORWARDED = (
    "CUDA_VISIBLE_DEVICES",
    "SLURM_JOB_ID",
    "HF_TOKEN",
    "HF_ENDPOINT",
    *(variable for name in ("http_proxy", "https_proxy", "no_proxy") for variable in (name, name.upper())),
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
)
"""What the programs see of the host's variables: which GPU is theirs, which job they are, and how to reach a hub."""

FORWARDED_FILES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""Those that name a file of the host."""


def bind_paths(paths: list[Path], variables: Iterable[str] = ()) -> None:
    """Let what runs inside see these paths, wherever they lie, and the variables it needs; all else of the host stays outside.

    Args:
        paths: existing ones, and those that are to be made.
        variables: what the study names beside those that every program needs.

    Raises:
        InputError: a path that cannot be bound.
    """
    if found := set(str(Path.cwd())) & set("':,\\"):
        raise InputError(
            f"{Path.cwd()}: expected a checkout in a path without single quote, colon, comma and backslash (Snakemake hands it to apptainer "
            f"as text between quotes, and apptainer splits it), found {min(found)}; move the checkout, or start without the image"
        )
    for name in (*FORWARDED, *variables):
        os.environ.pop(f"APPTAINERENV_{name}", None)
        if name in os.environ:
            os.environ[f"APPTAINERENV_{name}"] = os.environ[name]
    files = [Path(os.environ[name]) for name in FORWARDED_FILES if os.environ.get(name)]
    binds = [bind for bind in os.environ.get("APPTAINER_BIND", "").split(",") if bind]
    binds += [str(path) for path in outside([*paths, *(file for file in files if file.is_file())], Path.cwd())]
    os.environ["APPTAINER_BIND"] = ",".join(dict.fromkeys(binds))


def outside(paths: list[Path], inside: Path) -> list[Path]:
    """Paths, and the places that links among them lead to, that do not lie in a folder; none that lies in another of them."""
    places = {place for path in paths for place in (path.absolute(), path.resolve())}
    found: list[Path] = []
    for place in sorted(places):
        if not any(place.is_relative_to(other) for other in (inside, *found)):
            if set(str(place)) & set(":,"):
                raise InputError(
                    f"{place}: expected a path without colon and comma (it is bound into the image); rename it"
                )
            found.append(place)
    return found
