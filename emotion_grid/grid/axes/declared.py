"""The axes of the grid, in the order in which names and tables show them.

To add an axis, write a module like those beside this one, add it here, and let the code that it concerns read its value from the spec
(docs/extending.md).
"""

from emotion_grid.grid.axes import added, encoder, fold, freeze, head, lora, seed, train_share
from emotion_grid.grid.axes.axis import Axis

AXES: tuple[Axis, ...] = (
    encoder.AXIS,
    head.AXIS,
    freeze.AXIS,
    lora.AXIS,
    train_share.AXIS,
    added.AXIS,
    fold.AXIS,
    seed.AXIS,
)
