"""The kinds of sources that encoders come from.

To add a kind, write a module like those beside this one and add it here (docs/extending.md).
"""

from emotion_grid.encoders.kinds import folder, hub, package, vectors
from emotion_grid.encoders.kinds.kind import Kind

SOURCES: tuple[Kind, ...] = (folder.KIND, package.KIND, vectors.KIND, hub.KIND)
"""The first whose prefix fits is taken; the hub comes last, since its names have none."""


def kind_of(model: str) -> Kind:
    """The kind of source that `model` in a config names."""
    return next(kind for kind in SOURCES if model.startswith(kind.prefixes))
