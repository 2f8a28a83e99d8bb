"""Splits of data sets on the Hugging Face hub, as a config names them in the place of a file."""

import dataclasses
import re
from dataclasses import dataclass

from emotion_grid.base.digests import SHORT, digest
from emotion_grid.base.messages import InputError

HUB = "hub:"
"""What such a name begins with."""

FORM = f"{HUB}<owner>/<name>@<commit>/<configuration>/<split>"

_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubSplit:
    """A split of a data set on the hub, at one commit, so that its content never changes.

    Attributes:
        dataset: owner and name.
        revision: the commit.
        configuration: of the data set; `default` where it has no others.
    """

    dataset: str
    revision: str
    configuration: str
    split: str

    def __str__(self) -> str:
        return f"{HUB}{self.dataset}@{self.revision}/{self.configuration}/{self.split}"

    @property
    def spec(self) -> dict[str, str]:
        """What decides its content."""
        return dataclasses.asdict(self)

    @property
    def key(self) -> str:
        """The name of its folder in the cache."""
        readable = re.sub(r"[^A-Za-z0-9.]+", "-", f"{self.dataset}-{self.configuration}-{self.split}").strip("-")
        return f"{readable[:60]}-{digest(self.spec)[:SHORT]}"


def is_hub(name: str) -> bool:
    """Whether a name in a config is that of a split on the hub, rather than a path."""
    return name.startswith(HUB)


def shown_name(path: str, planned: str) -> str:
    """What messages call a raw file: its path, or its name on the hub.

    Args:
        planned: what the spec says of the file: a digest, or its name on the hub.
    """
    return planned if is_hub(planned) else path


def hub_split(name: str) -> HubSplit:
    """The split that a name in a config means.

    Raises:
        InputError: another form, or no commit.
    """
    dataset, _, rest = name.removeprefix(HUB).partition("@")
    revision, *parts = rest.split("/")
    if rest and not _COMMIT.fullmatch(revision):
        raise InputError(
            f"expected a commit after @ (40 hexadecimal digits), since branches and tags move, found {revision or 'nothing'}; on the data "
            "set's page: Files and versions, History"
        )
    if not _NAME.fullmatch(dataset) or len(parts) != 2 or not all(parts):
        raise InputError(f"expected {FORM}, found {name}")
    return HubSplit(dataset, revision, *parts)
